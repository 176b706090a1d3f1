"""The page's galleries: images with a slider through their stages."""

import base64
from collections.abc import Sequence

from wsfcn_tf.evaluation.html_report.collector import Example
from wsfcn_tf.evaluation.html_report.markup import Markup, element
from wsfcn_tf.evaluation.html_report.numbers import percent, swatch
from wsfcn_tf.evaluation.html_report.stages import AFTER_CRF, GROUND_TRUTH, PHOTO, PREDICTION, STAGES

_WHAT_IT_IS = {PHOTO: "the photo", GROUND_TRUTH: "the true masks"}


def gallery_section(name: str, title: str, note: str, examples: Sequence[Example], labels: Sequence[str]) -> Markup:
    """A heading, what these images are, and the images.

    Args:
        name: the section's id.
        title: its heading.
        note: which images these are, and what to say if there are none.
        examples: in the order to show them.
        labels: the names of all classes, "background" first.
    """
    figures = [_figure(f"{name}-{number}", example, labels) for number, example in enumerate(examples, start=1)]
    content = element("div", *figures, class_="gallery") if figures else element("p", "There is none.")
    return element("section", element("h2", title), element("p", note), content, id=name)


def stage_switch(examples: Sequence[Example]) -> Markup:
    """Buttons that take every image to a stage: those that any of the images has."""
    stages = [stage for stage in STAGES if any(stage in example.pictures for example in examples)]
    buttons = (element("button", stage, type="button", data_stage=stage) for stage in stages)
    return element(
        "div",
        element("span", "All images:", id="all-images"),
        element("div", *buttons, class_="stages", role="group", aria_labelledby="all-images"),
        class_="all",
    )


def _figure(identifier: str, example: Example, labels: Sequence[str]) -> Markup:
    stages = list(example.pictures)
    first = stages.index(AFTER_CRF if AFTER_CRF in stages else PREDICTION)
    width, height = example.size
    pictures = (
        element("div", _picture(example, stage), element("span", stage, aria_hidden="true"), class_="picture")
        for stage in stages
    )
    buttons = (
        element("button", stage, type="button", data_stage=stage, aria_pressed=str(number == first).lower())
        for number, stage in enumerate(stages)
    )
    slider = element(
        "input",
        type="range",
        min=0,
        max=len(stages) - 1,
        step=0.01,
        value=first,
        aria_label=f"Stage of {example.name}",
        aria_valuetext=stages[first],
    )
    return element(
        "figure",
        element("div", *pictures, class_="pictures", style=f"--width:{width};--height:{height}"),
        slider,
        element("div", *buttons, class_="stages", role="group", aria_label=f"Stages of {example.name}"),
        element("figcaption", *_caption(example, labels)),
        class_="example",
        id=identifier,
    )


def _picture(example: Example, stage: str) -> Markup:
    width, height = example.size
    source = "data:image/webp;base64," + base64.b64encode(example.pictures[stage]).decode("ascii")
    alt = f"{example.name}: {_WHAT_IT_IS.get(stage, stage)}"
    return element("img", src=source, alt=alt, width=width, height=height, decoding="async")


def _caption(example: Example, labels: Sequence[str]) -> list[Markup]:
    chips = [
        element("li", swatch(label), f"{labels[label]} ", element("b", percent(value, 0)))
        for label, value in example.class_iou.items()
    ]
    lines = [
        element("p", element("b", example.name, class_="name"), f" mIoU {percent(example.miou)} %", class_="title"),
        element("ul", *chips, class_="chips", aria_label="IoU in per cent"),
    ]
    if example.mistake is not None:
        mistake = example.mistake
        truth, prediction = labels[mistake.truth], labels[mistake.prediction]
        text = f"{truth} taken for {prediction}: {percent(mistake.share)} % of the image"
        lines.append(element("p", text, class_="mistake"))
    return lines
