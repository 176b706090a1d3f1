"""The model card of a preset, from what a run noted."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.runs import epoch_table
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import read_record
from wsfcn_tf.runs.summary import describe_data, describe_network
from wsfcn_tf.weights.trained import Trained

_PER_CENT = ("map", "miou")
_TITLE = """# {name}

Semantic segmentation, learned from the names of what is in each photo: WS-FCN (arXiv 2304.09059) for TensorFlow and \
Keras."""
_USAGE = """## Use

```python
from wsfcn_tf import Segmenter

segmenter = Segmenter.from_preset("FOLDER")  # or "hf://OWNER/NAME", "kaggle://OWNER/MODEL/keras/NAME"
segmentation = segmenter.predict("photo.jpg")
segmentation.labels  # uint8 [H, W]: 0 is background, i + 1 is class i
segmentation.found  # the classes that have pixels, with their scores
```

How it looks at photos, views and rules, is in preprocessor.json; `predict` needs no other file."""


def model_card(trained: Trained, name: str, licence: str | None) -> str:
    """The text of README.md, with the header that Hugging Face reads.

    Args:
        trained: a network; of one that is no run's, no more than how to use it is known.
        name: the preset's.
        licence: of the weights, as Hugging Face calls it, such as "apache-2.0"; None says that none is stated.
    """
    run, parts = RunFolder(trained.run), [_header(licence), _TITLE.format(name=name), _USAGE]
    if run.is_run:
        parts += [_data(trained, run), _training(trained.config, read_record(run.record)), _figures(trained, run)]
    parts.append(_licence(trained.config, licence))
    return "\n\n".join(parts) + "\n"


def _header(licence: str | None) -> str:
    lines = ["library_name: keras", "pipeline_tag: image-segmentation"]
    lines += [f"license: {json.dumps(licence)}"] if licence else []
    return "\n".join(["---", *lines, "tags:", "- wsfcn-tf", "- weakly-supervised", "- semantic-segmentation", "---"])


def _data(trained: Trained, run: RunFolder) -> str:
    counts, photos = Counter(), 0
    if run.training_data.is_file():
        for line in run.training_data.read_text(encoding="utf-8").splitlines():
            _, *tags = json.loads(line)
            photos += 1
            counts.update(tags)
    told = f"{photos} photos" if photos else "Photos"
    rows = [[name.replace("|", "\\|"), str(counts[name]) if photos else ""] for name in trained.class_names]
    return (
        f"## Data\n\n{told} of {describe_data(trained.config.data)}, with tags, which say what is in each photo and "
        f"not where. No mask was trained on.\n\n{markdown_table(['class', 'training photos with its tag'], rows)}"
    )


def _training(config: ExperimentConfig, starts: Sequence[Mapping[str, Any]]) -> str:
    network = f"## Network and training\n\n{describe_network(config.model)}; all of its settings are in config.json."
    if not starts:  # as of a checkpoint that was converted
        return f"{network} How it was trained was not noted."
    training, start = config.training, config.training.weights or config.model.preset
    start = start if start is None or "://" in start else Path(start).name
    versions = starts[-1].get("versions", {})
    told = [f"{name} {versions[name]}" for name in ("wsfcn-tf", "tensorflow", "keras", "numpy") if name in versions]
    hours = sum(start.get("seconds", 0) for start in starts) / 3600
    lines = [
        f"{network} Its backbone started from {f'`{start}`' if start else 'random weights'}.",
        f"{training.epochs} epochs of crops of {config.data.crop_size} pixels, {training.batch_size} in a batch, seed "
        f"{training.seed}, {training.precision}; the first {training.pretrain_epochs} without the mask loss.",
        f"It took {hours:.1f} hours in {len(starts)} start(s), with {', '.join(told)}.",
        *(f"When it ended, tags said: {warning}" for warning in starts[-1].get("warnings", ())),
    ]
    return "\n".join(lines)


def _figures(trained: Trained, run: RunFolder) -> str:
    rows = epoch_table.read(run.validation)
    epoch = _epoch(trained, run)
    row = next((row for row in rows if row["epoch"] == str(epoch)), None)
    if row is None:
        return "## Figures\n\nNone were measured in training (training.validate_every): `evaluate.py` measures them."
    chosen = " Masks of this split chose the epoch, so its mIoU flatters." if trained.is_selected_with_masks else ""
    cells = [[column, _figure(column, text)] for column, text in row.items() if column != "epoch" and text]
    return (
        f"## Figures\n\nOn the split `{trained.config.data.val_split}`, after epoch {epoch}, as measured in "
        f"training.{chosen}\n\n{markdown_table(['measure', 'value'], cells)}"
    )


def _figure(column: str, text: str) -> str:
    return f"{100 * float(text):.2f} %" if column in _PER_CENT else text


def _epoch(trained: Trained, run: RunFolder) -> int | None:
    """The epoch that the weights are of, counted from 1."""
    path = trained.weights
    if path.resolve() != run.weights.resolve():
        found = re.fullmatch(r"best-epoch-(\d+)\.weights\.h5", path.name) or re.fullmatch(
            r"epoch-(\d+)", path.parent.name
        )
        return int(found[1]) if found else None
    selected: Mapping[str, int] = next(
        (start["selected"] for start in reversed(read_record(run.record)) if "selected" in start), {}
    )
    return selected.get("epoch", trained.config.training.epochs)


def _licence(config: ExperimentConfig, licence: str | None) -> str:
    stated = f"The weights are under {licence}." if licence else "None is stated for the weights."
    backbone = " and of what the backbone started from" if config.model.preset or config.training.weights else ""
    return (
        f"## Licence\n\n{stated} Those of the photos{backbone} may reach them; the code that runs them is Apache-2.0."
    )
