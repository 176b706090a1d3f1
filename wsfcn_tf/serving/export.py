"""A trained network as a SavedModel that needs nothing but TensorFlow, as TensorFlow Serving loads it."""

import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tensorflow as tf

import wsfcn_tf
from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_json, write_lines, write_text
from wsfcn_tf.inference.rules import check_adjustment
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.serving.graph.limits import LARGEST
from wsfcn_tf.serving.graph.segmenter import SEPARATOR, ExportConfig, Segmenter
from wsfcn_tf.serving.precision import Precision, in_precision
from wsfcn_tf.weights.trained import Trained

EXTRA = "assets.extra"  # TensorFlow Serving's folder for what is not the graph's
SIGNATURES = {
    "serving_default": {
        "inputs": {"image_bytes": "string [B]: JPEG or PNG"},
        "outputs": {
            "mask_bytes": "string [B]: palette PNG of the photo's own size",
            "labels": f"string [B]: names of the classes that have pixels, joined by {SEPARATOR!r}",
            "scores": "float32 [B, C] in [0, 1]",
        },
    },
    "predict_array": {
        "inputs": {"images": "uint8 [B, H, W, 3]: RGB"},
        "outputs": {"labels": "uint8 [B, H, W]: 0 is background", "scores": "float32 [B, C] in [0, 1]"},
    },
    "probabilities": {
        "inputs": {"images": "uint8 [B, H, W, 3]: RGB"},
        "outputs": {"masks": "float32 [B, H, W, 1 + C] in [0, 1]", "scores": "float32 [B, C] in [0, 1]"},
    },
}


def export(trained: Trained, config: ExportConfig, output: str | Path, precision: Precision = "float32") -> None:
    """Writes a SavedModel, complete or not at all, with the signatures of `SIGNATURES` (see `Segmenter`).

    In assets.extra/ are classes.txt (one name per line, in the order of the labels from 1 on), config.yaml and
    record.json of the training, and metadata.json: signatures, limits, rules, palette, versions, the weights' checksum.

    Args:
        trained: from `load_trained`.
        config: views, rules, sizes and limits.
        output: the folder to make; for TensorFlow Serving MODELS/NAME/VERSION, with a whole number as VERSION.
        precision: what weights are stored and layers compute in; inputs, masks and scores do not change.

    Raises:
        UserError: the folder exists, the settings are none for a graph (a CRF, tags, pads), a class name cannot be
            joined, weights do not fit the precision, or are more than 2 GB.
    """
    output = Path(output)
    if output.exists():
        raise UserError(f"{output}: exists; export to another folder, such as the next version number")
    size = weights_bytes(trained) // (1 if precision == "float32" else 2)
    if size > LARGEST:
        raise UserError(
            f"the weights are {size / 1e9:.1f} GB in {precision}, more than the 2 GB of a SavedModel: take --precision "
            "float16 or bfloat16, or a network with a smaller model.width"
        )
    segmenter = build_segmenter(trained, config, precision)
    signatures = {
        "serving_default": segmenter.segment_photos,
        "predict_array": segmenter.predict_array,
        "probabilities": segmenter.probabilities,
    }
    with replacing(output) as folder:
        tf.saved_model.save(segmenter, str(folder), signatures=signatures)
        write_extra(folder / EXTRA, trained, config, precision)


def build_segmenter(trained: Trained, config: ExportConfig, precision: Precision = "float32") -> Segmenter:
    """The module that `export` saves; raises as there."""
    check_exportable(trained, config)
    return Segmenter(in_precision(trained.model, precision), trained.class_names, config)


def check_exportable(trained: Trained, config: ExportConfig) -> None:
    """Raises UserError for what no exported form of a network can have."""
    not_in_graphs = {f"inference.{key}": getattr(config.inference, key) for key in ("saliency", "grab_cut")}
    if config.refine == "none":
        not_in_graphs["inference.crf.iterations"] = config.inference.crf.iterations
    found = [key for key, value in not_in_graphs.items() if value > 0]
    if found:
        leave_out = " ".join(f"--set {key}=0" for key in found)
        raise UserError(
            f"{', '.join(found)} cannot be exported, there is no operation of TensorFlow's for it: {leave_out}"
            + (", or take --refine pamr in the CRF's place" if found[-1].startswith("inference.crf") else "")
        )
    check_adjustment(config.inference)
    if config.inference.classes == "tags":
        raise UserError(
            "inference.classes tags cannot be exported: a request has no tags; --set inference.classes=scores"
        )
    if config.inference.pad == "release":
        raise UserError("inference.pad release cannot be exported: photos come in all sizes; --set inference.pad=tight")
    wrong = [name for name in trained.class_names if SEPARATOR in name]
    if wrong:
        raise UserError(
            f"class {wrong[0]!r}: names are joined by {SEPARATOR!r} in the answers: rename it in classes.txt"
        )


def weights_bytes(trained: Trained) -> int:
    """What a network's weights take in float32."""
    return sum(4 * int(tf.size(tf.convert_to_tensor(variable))) for variable in trained.model.variables)


def write_extra(folder: Path, trained: Trained, config: ExportConfig, precision: Precision) -> None:
    """Writes classes.txt, config.yaml, metadata.json, and record.json if the run has one."""
    run = RunFolder(trained.run)
    write_lines(folder / "classes.txt", trained.class_names)
    write_text(folder / "config.yaml", run.config.read_text(encoding="utf-8"))
    if run.record.is_file():  # not in a folder that convert-weights made
        write_text(folder / "record.json", run.record.read_text(encoding="utf-8"))
    write_json(folder / "metadata.json", metadata(trained, config, precision))


def metadata(trained: Trained, config: ExportConfig, precision: Precision) -> dict[str, Any]:
    """What a client may want to know: all of it can be written as JSON."""
    classes = list(trained.class_names)
    inference = asdict(config.inference)
    del inference["crf"]
    packages = ("tensorflow", "keras", "numpy")
    return {
        "classes": classes,
        "palette": voc_palette()[: 1 + len(classes)].tolist(),
        "signatures": SIGNATURES,
        "limits": asdict(config.limits),
        "inference": inference,
        "inner_size": config.inner_size,
        "refine": config.refine,
        "precision": precision,
        "network": asdict(trained.config.model),
        "weights": trained.weights.name,
        "weights_sha256": trained.weights_sha256,
        "versions": {
            "wsfcn_tf": wsfcn_tf.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    }
