"""What tags alone tell about masks: no true mask is looked at, so that whoever has none sees that a run went wrong.

Every pixel of a class on a photo that is not tagged with it is wrong, if the tags are complete.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wsfcn_tf.evaluation.metrics.formulas import json_number, mean, mean_average_precision

# Where a figure becomes a warning, between what runs that went well and badly came to (benchmarks/tag_health.md)
_STRAY = 0.05  # well: at most 0.01 of any class; badly: 0.06 to 0.95
_MISSED = 0.5  # well: at most 0.5, 3 photos of 6; badly: 0 to 1
_LEAST_AGREEMENT = 0.7  # well: 0.84 to 0.89; badly: 0.50 to 0.66
_LEAST_SKILL = 0.5  # of the way from chance to 1; well: 0.97 to 0.99; badly: 0.30 to 0.34
_LEAST_BACKGROUND = 0.2  # a guess: no run came near it, and 0.5 was right in one data set and far too little in another
_PHOTOS, _TAGGED = 20, 3  # with fewer photos, or fewer without a tag or with it, one photo would be a warning


@dataclass(frozen=True, eq=False)
class TagHealth:
    """The figures of some photos.

    Attributes:
        photos: how many there are.
        tagged: int [C], how many have each tag.
        stray: float64 [C], the share of the photos without the tag on which the class's mask is larger than half of
            its mean on photos with the tag, so that small things count like large ones; NaN without such photos.
        missed: float64 [C], the share of the photos with the tag on which the class has no pixel; NaN without such.
        background: its mean share of a photo.
        map, chance: mAP of the scores, and of a ranking that knows nothing: the mean frequency of the tags there are.
        agreement: of the pixels that are foreground in a photo or in its mirror image, the share with one label in
            both, 1 if there are none; None if mirror images were not looked at.
    """

    photos: int
    tagged: np.ndarray
    stray: np.ndarray
    missed: np.ndarray
    background: float
    map: float
    chance: float
    agreement: float | None

    @property
    def tells(self) -> bool:
        """Whether there are photos enough for warnings."""
        return self.photos >= _PHOTOS

    def columns(self) -> dict[str, float]:
        """A number each; `stray` is the worst class's, NaN where no class can be judged."""
        known = self.stray[~np.isnan(self.stray)]
        values = {"map": self.map, "chance": self.chance, "stray": float(known.max()) if known.size else np.nan}
        values["background"] = self.background
        return values if self.agreement is None else values | {"agreement": self.agreement}

    def to_json(self, class_names: Sequence[str]) -> dict[str, Any]:
        """A dictionary for `json.dumps`: NaN, which JSON lacks, becomes None."""
        by_class = {
            name: {key: json_number(share) for key, share in zip(class_names, shares.tolist(), strict=True)}
            for name, shares in (("stray", self.stray), ("missed", self.missed))
        }
        one = {"photos": self.photos, "background": self.background, "map": self.map, "chance": self.chance}
        return {name: json_number(value) for name, value in one.items()} | by_class


def tag_health(
    areas: np.ndarray, tags: np.ndarray, scores: np.ndarray, agreement: np.ndarray | None = None
) -> TagHealth:
    """The figures.

    Args:
        areas: float [N, 1 + C], the share of each photo that each label has, as `label_areas` counts it.
        tags: float [N, C] in {0, 1}.
        scores: float [N, C], higher for more probable.
        agreement: int [N, 2], as `agreeing_pixels` counts them; None if that was not measured.
    """
    shown, own = tags > 0, areas[:, 1:]
    tagged, untagged = shown.sum(axis=0), (~shown).sum(axis=0)
    usual = _ratio(np.where(shown, own, 0).sum(axis=0), tagged)
    return TagHealth(
        photos=len(tags),
        tagged=tagged,
        stray=_ratio((~shown & (own > usual / 2)).sum(axis=0), np.where(tagged > 0, untagged, 0)),
        missed=_ratio((shown & (own == 0)).sum(axis=0), tagged),
        background=float(areas[:, 0].mean()),
        map=mean_average_precision(tags, scores),
        chance=float(mean(np.where(tagged > 0, tagged / len(tags), np.nan))),
        agreement=None if agreement is None else _share(*agreement.sum(axis=0)),
    )


def warnings(health: TagHealth, class_names: Sequence[str]) -> list[str]:
    """What is wrong, a line each: the figure, what it means, and what to do.

    None of a run that went well, of fewer than 20 photos, and of a class with the tag on fewer than 3.
    """
    if not health.tells:
        return []
    judged = _judged(health.tagged, health.photos)
    lines = []
    if stray := _above(health.stray, judged, _STRAY):
        lines.append(
            f"masks of {_listed(stray, class_names, 'of the photos that are not tagged with it')}: do not trust them: "
            "the network takes what often comes with a thing for the thing, or tags were forgotten; complete the tags, "
            "add training photos with the same surroundings but not the thing, or leave the class out"
        )
    if missed := _above(health.missed, health.tagged >= _TAGGED, _MISSED):
        lines.append(
            f"no mask of {_listed(missed, class_names, 'of the photos that are tagged with it')}: add training photos "
            "with it, or leave the class out"
        )
    if health.background < _LEAST_BACKGROUND:
        lines.append(
            f"{health.background:.0%} of the pixels are background: masks cover what surrounds things, too: add "
            "training photos of the same surroundings with none of the things"
        )
    skill = (health.map - health.chance) / (1 - health.chance) if health.chance < 1 else np.nan
    if skill < _LEAST_SKILL:
        lines.append(
            f"mAP of the tags is {health.map:.2f}, where chance is {health.chance:.2f}: in these views the network "
            "hardly knows what is in a photo: check the tags, or add photos"
        )
    if health.agreement is not None and health.agreement < _LEAST_AGREEMENT:
        lines.append(
            f"a photo and its mirror image have the same label on {health.agreement:.0%} of their foreground: masks "
            "are a matter of chance: check the tags, or add photos"
        )
    return lines


def not_judged(tags: np.ndarray, class_names: Sequence[str]) -> str:
    """A line on what no warning will tell of photos with tags [N, C], because they are too few; "" if they are not."""
    photos, tagged = len(tags), (tags > 0).sum(axis=0)
    if photos < _PHOTOS:
        return f"no warning of masks that go wrong: {photos} photos are fewer than {_PHOTOS}"
    left_out = [name for name, told in zip(class_names, _judged(tagged, photos), strict=True) if not told]
    if not left_out:
        return ""
    return (
        f"no warning of masks on photos without the tag, of {', '.join(left_out)}: that takes {_TAGGED} photos with a "
        f"class and {_PHOTOS} without it"
    )


def _judged(tagged: np.ndarray, photos: int) -> np.ndarray:
    """Of which classes `stray` tells, bool [C]: one photo more or less is no warning there."""
    return (tagged >= _TAGGED) & (photos - tagged >= _PHOTOS)


def label_areas(labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of labels, uint8 [H, W], that background and each class have: float64 [1 + C]."""
    return np.bincount(labels.ravel(), minlength=1 + classes) / labels.size


def agreeing_pixels(labels: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """How many pixels are one class in both of two label maps, and how many are foreground in either: int64 [2]."""
    return np.array([np.sum((labels == mirrored) & (labels > 0)), np.sum((labels > 0) | (mirrored > 0))])


def _above(shares: np.ndarray, judged: np.ndarray, limit: float) -> dict[int, float]:
    """The classes whose share is above a limit, the worst first."""
    found = [i for i in np.argsort(-shares, kind="stable") if judged[i] and shares[i] > limit]
    return {int(i): float(shares[i]) for i in found}


def _listed(shares: dict[int, float], class_names: Sequence[str], where: str) -> str:
    """What follows "masks of": "bag on 51% of the photos ... (also hat 20%)"."""
    (worst, share), *others = shares.items()
    more = [f"{class_names[i]} {other:.0%}" for i, other in others]
    return f"{class_names[worst]} on {share:.0%} {where}" + (f" (also {', '.join(more)})" if more else "")


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 1.0


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
