"""The paper's Tables I to V as data, and what each row of them was run with."""

import csv
from dataclasses import dataclass
from pathlib import Path

# {our name of a method in paper_results.csv: (model.context, model.fusion)}; the other methods are not of this project
NETWORKS = {
    "SSSS (re-implemented baseline)": ("aspp", "gci"),
    "SSSS": ("aspp", "gci"),
    "baseline + MCLM": ("mclm", "gci"),
    "baseline + MCLM + SRM (FCA)": ("fca", "gci"),
    "baseline + SF2": ("aspp", "sf2"),
    "baseline + Non-local": ("non_local", "gci"),
    "baseline + Large Conv 7x7": ("large_kernel", "gci"),
    "baseline + PPM": ("ppm", "gci"),
    "baseline + Summation": ("aspp", "sum"),
    "baseline + Concatenation": ("aspp", "concat"),
    "baseline + Multiplication": ("aspp", "product"),
    "WS-FCN": ("fca", "sf2"),
    "WS-FCN (tags at inference)": ("fca", "sf2"),
}
_TAGS_AT_INFERENCE = "WS-FCN (tags at inference)"
MULTI_SCALE = (1.0, 0.5, 1.5, 2.0)


@dataclass(frozen=True)
class Setup:
    """All that a result has to share with a row to stand beside it.

    Attributes:
        dataset: "VOC 2012" or "COCO 2014".
        split: of all its images.
        context, fusion: of the network, which is the paper's in all else.
        scales: of the views.
        flip: whether their mirror images are views, too.
        crf: whether a dense CRF refines the masks.
        tags: whether the images' tags are given at inference.
    """

    dataset: str
    split: str
    context: str
    fusion: str
    scales: frozenset[float]
    flip: bool
    crf: bool
    tags: bool


@dataclass(frozen=True)
class PaperRow:
    """One figure of the paper, as printed there; a field is empty where the paper has none.

    Attributes:
        table: "I" to "V".
        dataset, split, method, backbone: what was run.
        supervision: I for image tags, S for saliency, D for other data.
        setting: the views and the CRF, or what else the paper says.
        miou, pixacc: in per cent.
        params_m: trained parameters in millions.
    """

    table: str
    dataset: str
    split: str
    method: str
    backbone: str
    supervision: str
    setting: str
    miou: str
    pixacc: str
    params_m: str

    @property
    def setup(self) -> Setup | None:
        """What the row was run with; None for methods that are not of this project."""
        if self.method not in NETWORKS:
            return None
        parts = self.setting.split("+")
        return Setup(
            self.dataset,
            self.split,
            *NETWORKS[self.method],
            scales=frozenset(MULTI_SCALE if "multi-scale" in parts else MULTI_SCALE[:1]),
            flip="flip" in parts,
            crf="CRF" in parts,
            tags=self.method == _TAGS_AT_INFERENCE,
        )


def paper_rows() -> list[PaperRow]:
    """All rows, in the paper's order."""
    with Path(__file__).with_name("paper_results.csv").open(encoding="utf-8", newline="") as file:
        return [PaperRow(**row) for row in csv.DictReader(file)]
