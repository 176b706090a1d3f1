"""What the tests of commands share: a small network's config, tiny photos, and the message of a mistake."""

from pathlib import Path

import numpy as np
from PIL import Image

from wsfcn_tf.__main__ import main

SMALL = """
model: {decoder_width: 8, from_scratch: true}
data: {format: voc, crop_size: 32}
training: {epochs: 2, pretrain_epochs: 1, batch_size: 3, panels: 2, learning_rate: 0.01}
"""


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (36, 44, 3), dtype=np.uint8)).save(path)


def one_line(capsys, *arguments: str) -> str:
    """The message of a command that fails."""
    assert main(list(arguments)) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    return error
