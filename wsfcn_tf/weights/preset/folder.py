"""A preset's folder, as KerasHub lays one out.

config.json         the network: its class, and all that it is built from
model.weights.h5    its weights
preprocessor.json   its classes, and the section `inference`: views and rules
metadata.json       who wrote it, and how many parameters there are
README.md           the model card
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import keras

import wsfcn_tf
from wsfcn_tf.config import ExperimentConfig, ModelConfig
from wsfcn_tf.config.reading import lay_mapping_over
from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.files import replacing, write_json, write_text
from wsfcn_tf.files.reading import read_json
from wsfcn_tf.models import WSFCN, CAMClassifier, Ensemble, build_model
from wsfcn_tf.models.network_file import load_network, save_network
from wsfcn_tf.weights.preset.hubs import local_folder
from wsfcn_tf.weights.trained import Trained

CONFIG, WEIGHTS, PREPROCESSOR, METADATA, CARD = (
    "config.json",
    "model.weights.h5",
    "preprocessor.json",
    "metadata.json",
    "README.md",
)
_KINDS = {keras.saving.get_registered_name(kind): kind for kind in (WSFCN, CAMClassifier, Ensemble)}


def save_preset(trained: Trained, folder: str | Path, card: str) -> None:
    """Writes a trained network as a preset, complete or not at all.

    Args:
        trained: its config's section `inference` is written, too.
        folder: to make.
        card: the text of README.md.

    Raises:
        UserError: the folder exists, or the disk refuses.
    """
    folder = Path(folder)
    if folder.exists():
        raise UserError(f"{folder}: exists; choose another folder, or move it away")
    model = trained.model
    described = {**model.get_config(), "config": asdict(_published(trained.config.model))}
    kind = type(model)
    with replacing(folder) as path:
        path.mkdir()
        registered = keras.saving.get_registered_name(kind)
        about = {"module": kind.__module__, "class_name": kind.__name__, "registered_name": registered}
        write_json(path / CONFIG, about | {"config": described})
        save_network(model, path / WEIGHTS)
        preprocessor = {"class_names": trained.class_names, "inference": asdict(trained.config.inference)}
        write_json(path / PREPROCESSOR, preprocessor)
        metadata = {
            "keras_version": keras.__version__,
            "wsfcn_tf_version": wsfcn_tf.__version__,
            "parameter_count": model.count_params(),
            "date_saved": datetime.now(timezone.utc).strftime("%Y-%m-%d@%H:%M:%S"),
            "weights_sha256": hashlib.sha256((path / WEIGHTS).read_bytes()).hexdigest(),
        }
        write_json(path / METADATA, metadata)
        write_text(path / CARD, card)


def load_preset(source: str | Path) -> Trained:
    """Loads what `save_preset` wrote.

    Args:
        source: as `local_folder` takes it.

    Returns:
        The network; of its config, the sections `model` and `inference` are those it was trained with.

    Raises:
        UserError: as `local_folder`, or the folder is no preset of this project's, or damaged.
    """
    folder = local_folder(source)
    described, preprocessor = _read(folder, CONFIG), _read(folder, PREPROCESSOR)
    names = preprocessor.get("class_names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{folder / PREPROCESSOR}: names no classes")
    config = ExperimentConfig()
    for file, section, values in (
        (CONFIG, "model", described["config"]["config"]),
        (PREPROCESSOR, "inference", preprocessor.get("inference")),
    ):
        config = lay_mapping_over(config, {section: values}, str(folder / file))
    if len(names) != config.model.num_classes:
        raise UserError(f"{folder}: names {len(names)} classes, but the network has {config.model.num_classes}")
    model = build_model(config.model)
    try:
        load_network(model, folder / WEIGHTS)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{folder / WEIGHTS}: does not fit the network of {CONFIG}, or is damaged ({first_line(error)})"
        ) from error
    return Trained(model, config, tuple(names), folder / WEIGHTS, folder)


def _read(folder: Path, name: str) -> Mapping[str, Any]:
    """A file of the folder; of config.json, its kind is checked."""
    if not (folder / CONFIG).is_file():
        hint = f"; it is a run's: Segmenter({str(folder)!r})" if (folder / "config.yaml").is_file() else ""
        raise UserError(f"{folder}: is no preset, there is no {CONFIG} in it{hint}")
    found = read_json(folder / name)
    if not isinstance(found, dict):
        raise UserError(f"{folder / name}: is no object of JSON")
    if name == CONFIG and found.get("registered_name") not in _KINDS:
        raise UserError(
            f"{folder}: holds {found.get('class_name', 'something else')}, no network of this project; to train one on "
            "it, set model.backbone to keras_hub and model.preset to the folder"
        )
    if name == CONFIG and not isinstance((found.get("config") or {}).get("config"), dict):
        raise UserError(f"{folder / name}: does not say what the network is made of")
    return found


def _published(config: ModelConfig) -> ModelConfig:
    """Without where on this machine a backbone's preset was."""
    local = config.preset is not None and "://" not in config.preset
    return replace(config, preset=Path(config.preset).name) if local else config
