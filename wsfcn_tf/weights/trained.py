"""A trained network from a run's folder or a weights file."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.experiment import check_agreements
from wsfcn_tf.data.datasets.dataset import Dataset, open_dataset, open_folder
from wsfcn_tf.data.photos.file_finder import stem_of
from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.models import Network, build_model
from wsfcn_tf.models.network_file import load_network
from wsfcn_tf.runs.folder import WEIGHTS, RunFolder
from wsfcn_tf.runs.training_data import training_photos
from wsfcn_tf.weights.precision import precision


@dataclass(frozen=True)
class Trained:
    """A network and what it was trained as: its weights' file and its run's folder."""

    model: Network
    config: ExperimentConfig
    class_names: tuple[str, ...]
    weights: Path
    run: Path

    @property
    def is_selected_with_masks(self) -> bool:
        """Whether masks of the validation split chose these weights among the run's epochs."""
        run = RunFolder(self.run)
        chosen = (run.weights, *run.all_best_weights())
        return self.config.training.select == "miou" and self.weights.resolve() in (path.resolve() for path in chosen)

    @property
    def weights_sha256(self) -> str:
        """The checksum of the weights' file, by which records tell them."""
        return hashlib.sha256(self.weights.read_bytes()).hexdigest()

    def in_precision(self, name: Literal["float32", "bfloat16"]) -> "Trained":
        """With layers that compute in this precision; weights, scores and masks are float32 all the same."""
        if name == "float32":
            return self
        with precision(name):
            model = build_model(self.model.config)
        model.set_weights(self.model.get_weights())
        return replace(self, model=model)

    def dataset(self, root: str | None = None, mask_values: Mapping[int, str] | None = None) -> Dataset:
        """The data it was trained on, or other data of the same classes.

        Args:
            root: the other data's folder, as `open_folder` takes it. If it does not say what its classes are, they are
                the network's.
            mask_values: what masks' values mean, as `data.mask_values`; None takes the run's for the data of the run.

        Raises:
            UserError: no such data, or its classes are not the network's.
        """
        data = self.config.data
        if mask_values is None and self._is_own(root):
            mask_values = data.mask_values
        if root is None:
            data = replace(data, mask_values=mask_values)
            check_agreements(replace(self.config, data=data), str(self.run))
            dataset = open_dataset(data)
        else:
            dataset = open_folder(root, self.class_names, mask_values)
        if dataset.class_names != self.class_names:
            raise UserError(
                f"{root or data.root}: its classes are {', '.join(dataset.class_names)}, "
                f"but the network's are {', '.join(self.class_names)}; if they mean the same, copy "
                f"{self.run / 'classes.txt'} there"
            )
        return dataset

    def trained_on(self, names: Sequence[str], root: str | None = None) -> int | None:
        """How many of these photos of the data at `root`, as `dataset` takes it, were trained on; None if not known.

        It is known of the run's own data, where the run's folder still says which photos it was trained on.
        """
        trained_on = RunFolder(self.run).training_data
        if not self._is_own(root) or not trained_on.is_file():
            return None
        return len(set(map(stem_of, names)) & set(map(stem_of, training_photos(trained_on))))

    def _is_own(self, root: str | None) -> bool:
        own = self.config.data.root
        return root is None or (own is not None and Path(root).resolve() == Path(own).resolve())


def load_trained(path: str | Path) -> Trained:
    """Loads a network.

    Args:
        path: a run's folder (its trained network, or its last checkpoint while training goes on), one of its
            checkpoints' folders, or a `.weights.h5` file in one of these.

    Raises:
        UserError: nothing there, not a run's, or weights of another architecture.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: no such run folder or weights file")
    above = (path, *path.parents)[:4]  # RUN/checkpoints/epoch-NNNN/model.weights.h5 is the deepest
    run = RunFolder(next((folder for folder in above if RunFolder(folder).is_run), path))
    config, class_names = run.read()
    if path.is_dir():
        path = path / WEIGHTS if (path / WEIGHTS).is_file() else run.latest_weights()
    model = build_model(config.model)
    load_weights(model, path)
    return Trained(model, config, class_names, path, run.root)


def load_weights(model: Network, path: Path) -> None:
    """Loads a `.weights.h5` file into a model.

    Raises:
        UserError: not such a file, or weights of another architecture.
    """
    if not path.name.endswith(".weights.h5"):
        raise UserError(f"{path}: not a weights file, whose name would end in .weights.h5")
    try:
        load_network(model, path)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{path}: does not fit the model that its config.yaml describes ({first_line(error)})"
        ) from error
