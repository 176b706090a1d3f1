"""Surveys made up for the checks' tests."""

from pathlib import Path

from wsfcn_tf.data.doctor.survey import MaskFacts, PhotoFacts, Survey


def made_up(tags=None, splits=None, photos=None, masks=None, **more):
    """A survey of photos named by `splits` or `tags`; what is not said about a photo is in order."""
    tags = {name: frozenset(shown) for name, shown in (tags or {}).items()}
    splits = {split: tuple(names) for split, names in (splits or {"train": tags}).items()}
    names = dict.fromkeys(name for split in splits.values() for name in split)
    facts = {name: PhotoFacts((60, 80), 1, digest=name) for name in names}
    values = {
        "root": Path("DATA"),
        "layout": "tagged",
        "class_names": ("cat", "dog", "cow"),
        "splits": splits,
        "tags": tags,
        "photos": facts | (photos or {}),
        "masks": masks or {},
        "mistakes": (),
        "unnamed": (),
        "orphans": (),
    }
    return Survey(**values | more)


def mask(*classes, size=(60, 80), problem=None, ignores=False):
    """A mask's facts."""
    return MaskFacts(size, frozenset(classes), problem, ignores)


def photo(orientation=1, size=(60, 80), digest="", problem=None, look=None):
    """A photo's facts."""
    return PhotoFacts(size, orientation, digest, look, problem)
