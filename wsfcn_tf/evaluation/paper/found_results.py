"""The evaluations that lie in a folder, and which of the paper's rows they may stand beside."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.data.tags.class_names import COCO, VOC
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.paper.rows import MULTI_SCALE, Setup
from wsfcn_tf.files.reading import read_json

_DATASETS = {VOC: "VOC 2012", COCO: "COCO 2014"}
_IMAGES = {("VOC 2012", "val"): 1449, ("COCO 2014", "val"): 40137}  # the paper's; a part of a split is no row's
_ANY = ("context", "fusion", "num_classes", "focal_lambda")  # the row says the first two, the data set the others
_SAME = {"context_norm": (None, "fixed"), "output_stride": (None, 8)}  # None is the default's name for the other
# keys of inference that the paper does not have, and what a setting is called with them
_BEYOND_THE_PAPER = {
    "photo_side": "photo side",
    "window_scales": "window",
    "saliency": "saliency",
    "grab_cut": "GrabCut",
}


@dataclass(frozen=True, eq=False)
class FoundResult:
    """One evaluation.

    Attributes:
        name: its folder, relative to the one that was searched; a demo's, followed by the method.
        metrics: what its metrics.json says.
    """

    name: str
    metrics: dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The foreground classes."""
        return tuple(self.metrics["class_iou"])[1:]

    @property
    def dataset(self) -> str:
        """The benchmark whose classes these are, or their number."""
        return _DATASETS.get(self.classes, f"{len(self.classes)} classes")

    @property
    def network(self) -> str:
        """What was evaluated; empty if metrics.json does not say."""
        model = self.metrics.get("model")
        if model is None:
            return "masks" if "masks" in self.metrics else ""
        behind = "CAM" if model["head"] == "cam" else f"{model['context']}/{model['fusion']}"
        width = "" if model["width"] == 1 else f" x{model['width']:g}"
        return f"{model['backbone']}{width} {behind}"

    @property
    def setting(self) -> str:
        """The views, what refines, and whether tags were given, in the words of the paper's tables; empty for masks."""
        inference = self.metrics.get("inference")
        if inference is None:
            return ""
        scales = {(1.0,): "single", tuple(sorted(MULTI_SCALE)): "multi-scale"}
        found = tuple(sorted(inference["scales"]))
        parts = [scales.get(found, f"scales {_listed(found)}")]
        parts += ["flip"] if inference["flip"] else []
        parts += [word for key, word in _BEYOND_THE_PAPER.items() if inference.get(key)]
        parts += ["CRF"] if inference["crf"]["iterations"] > 0 else []
        parts += ["tags"] if _tags_given(inference) else []
        return "+".join(parts[1:] if parts[:2] == ["single", "flip"] else parts)

    @property
    def mark(self) -> str:
        """What its thresholds of inference make of it: "*" if chosen with masks, "?" if it is not said how, or ""."""
        if (self.metrics.get("inference") or {}).get("thresholds") == "masks":
            return "*"
        return "?" if self.metrics.get("thresholds", "").startswith("not the release's") else ""

    @property
    def setup(self) -> Setup | None:
        """What it was run with; None unless network, data and inference could be those of a row of the paper."""
        model, inference, split = (self.metrics.get(key) for key in ("model", "inference", "split"))
        if not model or not inference or not _is_the_papers(model) or any(map(inference.get, _BEYOND_THE_PAPER)):
            return None
        if self.metrics["images"] != _IMAGES.get((self.dataset, split)):
            return None
        return Setup(
            self.dataset,
            split,
            model["context"],
            model["fusion"],
            scales=frozenset(map(float, inference["scales"])),
            flip=inference["flip"],
            crf=inference["crf"]["iterations"] > 0,
            tags=_tags_given(inference),
        )


def _listed(scales: Iterable[float]) -> str:
    return ", ".join(f"{scale:g}" for scale in scales)


def find_results(folder: str | Path) -> list[FoundResult]:
    """All evaluations in a folder and below, sorted by their folders.

    Raises:
        UserError: there is no such folder, or a metrics.json is not JSON.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder of results")
    return [result for path in sorted(folder.rglob("metrics.json")) for result in _read(path, folder)]


def _read(path: Path, above: Path) -> Iterator[FoundResult]:
    """One result, or a demo's several; none in another program's file of that name."""
    content, name = read_json(path), path.parent.relative_to(above).as_posix()
    if _is_result(content):
        yield FoundResult(name, content)
    elif isinstance(content, dict):
        for method, metrics in content.items():
            if _is_result(metrics):
                yield FoundResult(f"{name}: {method}", metrics)


def _is_result(content: Any) -> bool:
    return isinstance(content, dict) and {"miou", "pixel_accuracy", "images", "class_iou"} <= content.keys()


def _is_the_papers(model: dict[str, Any]) -> bool:
    default = json.loads(json.dumps(asdict(ModelConfig())))
    return all(model.get(key) in _SAME.get(key, (value,)) for key, value in default.items() if key not in _ANY)


def _tags_given(inference: dict[str, Any]) -> bool:
    return inference.get("classes") == "tags"
