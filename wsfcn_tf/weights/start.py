"""What a training starts from: a backbone's weights, or all of a network that was trained before."""

from dataclasses import replace
from pathlib import Path

from wsfcn_tf.errors import UserError
from wsfcn_tf.models import Network, build_model
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.weights.backbone import load_backbone
from wsfcn_tf.weights.trained import load_weights


def load_start(model: Network, source: str | None, class_names: tuple[str, ...]) -> None:
    """Sets the weights that a training starts from.

    Args:
        model: from `build_model`.
        source: a run's folder, whose trained network, or last checkpoint, the model becomes: all of its weights; or
            what `load_backbone` takes. Where the run's is of more networks than the model, the first ones count; where
            it is of fewer, they take turns.
        class_names: of the foreground.

    Raises:
        UserError: it is not there or does not fit, or the run's classes are others.
    """
    if source is None or not Path(source).is_dir():
        load_backbone(model, source)
        return
    run = RunFolder(source)
    config, names = run.read()
    if names != class_names:
        raise UserError(
            f"training.weights: {source}: its classes are {', '.join(names)}, those of the data "
            f"{', '.join(class_names)}: they have to be the same in the same order"
        )
    try:
        if config.model.networks == model.config.networks:
            load_weights(model, run.latest_weights())
        else:
            _load_members(model, run.latest_weights(), config.model.networks)
    except UserError as error:
        raise UserError(f"training.weights: {error}; set the keys of section model as that run has them") from error


def _load_members(model: Network, path: Path, networks: int) -> None:
    """Sets the weights of each network of a model to those of a file of another number of networks."""
    source = build_model(replace(model.config, networks=networks))
    load_weights(source, path)
    of_source = source.members()
    for number, member in enumerate(model.members()):
        member.set_weights(of_source[number % networks].get_weights())
