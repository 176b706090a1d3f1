"""What the page's galleries show: images, each with a slider through its stages."""

from collections.abc import Sequence
from typing import NamedTuple

from wsfcn_tf.evaluation.html_report.collector import Example, ExampleCollector
from wsfcn_tf.evaluation.html_report.stages import AFTER_CRF, GROUND_TRUTH, PHOTO, PREDICTION, STAGES


class Gallery(NamedTuple):
    """A section of images: its id, how the page's head names it, its heading, what images these are, and them."""

    id: str
    link: str
    title: str
    note: str
    examples: Sequence[Example]


def galleries(examples: ExampleCollector) -> list[Gallery]:
    """The page's, in their order."""
    confused = (
        "Those of which the largest share is of one foreground class and labelled as another: the pair is named below "
        "each."
    )
    return [
        Gallery("worst", "Worst", "Worst images", "Those of lowest mIoU.", examples.worst),
        Gallery("confused", "Most confused", "Most confused images", confused, examples.confused),
        Gallery("best", "Best", "Best images", "Those of highest mIoU.", examples.best),
    ]


def stages_of(shown: Sequence[Gallery]) -> list[str]:
    """The stages that any of the images has."""
    return [
        stage for stage in STAGES if any(stage in image.pictures for gallery in shown for image in gallery.examples)
    ]


def first_stage(example: Example) -> int:
    """The number of the stage that an image shows until a reader moves its slider."""
    return list(example.pictures).index(AFTER_CRF if AFTER_CRF in example.pictures else PREDICTION)


def in_words(stage: str) -> str:
    """What a picture shows, behind its photo's name."""
    return {PHOTO: "the photo", GROUND_TRUTH: "the true masks"}.get(stage, stage)
