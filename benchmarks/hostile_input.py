"""What a process that serves an exported network takes at hostile requests, beside what it had before.

Run `python -m benchmarks.hostile_input`: exports the small network, with and without an inner size, and asks each
in a process of its own, which has TensorFlow only. Linux: peaks are taken from /proc.
"""

import argparse
import io
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.measure import where

_INNER_PIXELS = 33_554_432  # what `export --inner-size` allows


def main() -> None:
    """Prints a table for each way of exporting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ask", metavar="MODEL", help="be the process that is asked")
    arguments = parser.parse_args()
    if arguments.ask:
        _ask(Path(arguments.ask))
        return
    from benchmarks.small_export import export_small
    from wsfcn_tf.serving.limits import Limits

    print(where())
    with tempfile.TemporaryDirectory() as folder:
        for name, inner, limits in (
            ("each photo in its own size", None, Limits()),
            ("--inner-size 224", (224, 224), Limits(pixels=_INNER_PIXELS)),
        ):
            model = export_small(Path(folder) / name.replace(" ", "-"), inner, limits)
            print(f"\n{name}:\n", flush=True)
            subprocess.run([sys.executable, "-m", "benchmarks.hostile_input", "--ask", str(model)], check=True)


def _ask(model: Path) -> None:
    signatures = tf.saved_model.load(str(model)).signatures
    photos, arrays = signatures["serving_default"], signatures["predict_array"]
    requests = {name: (lambda data=data: photos(image_bytes=tf.constant(data))) for name, data in _photos().items()}
    requests |= {name: (lambda array=array: arrays(images=tf.constant(array))) for name, array in _arrays().items()}
    ordinary = _jpeg(480, 640)
    photos(image_bytes=tf.constant([ordinary]))
    print(f"Resident once an ordinary photo has been answered: {_resident():.0f} MB.\n")
    print("| request | answer | most memory meanwhile, MB above before | kept, MB |\n|---|---|---:|---:|")
    for name, request in requests.items():
        before = _resident()
        said = _answer(request)
        most = _peak()
        print(f"| {name} | {said} | {max(0, most - before):.0f} | {_resident() - before:.0f} |", flush=True)
    assert _answer(lambda: photos(image_bytes=tf.constant([ordinary]))) == "answered"
    print(f"\nAn ordinary photo behind all of them is answered; resident: {_resident():.0f} MB.")


def _answer(request: Callable[[], object]) -> str:
    """What the caller reads."""
    try:
        request()
    except (tf.errors.OpError, TypeError, ValueError) as error:
        text = str(error)
        found = re.search(r"assertion failed: \[(.*?)\]", text, re.DOTALL)
        return found[1] if found else f"refused by the signature ({type(error).__name__})"
    return "answered"


def _peak() -> float:
    """The most megabytes this process has had since the last call."""
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1e3
    Path("/proc/self/clear_refs").write_text("5")
    return peak


def _resident() -> float:
    """Megabytes now."""
    _peak()
    return _peak()


def _photos() -> dict[str, list[bytes]]:
    jpeg, bomb = _jpeg(480, 640), _png(20_000, 20_000)
    return {
        "an ordinary JPEG, 480x640": [jpeg],
        f"a PNG of {len(bomb) // 1000} kB, 20,000x20,000": [bomb],
        "32 of them": [bomb] * 32,
        "a PNG of 8,192x8,192, the longest sides that are taken": [_png(8192, 8192)],
        "a JPEG, 20,000x20,000": [_jpeg(20_000, 20_000, "L")],
        "a JPEG that says it is 65,535x65,535": [_with_size(jpeg, 65_535)],
        "a PNG with 1 GB of text in 1 MB": [_png(64, 64, chunk=(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**9), 9)))],
        "a JPEG cut in half": [jpeg[: len(jpeg) // 2]],
        "a PNG with broken pixels": [_png(600, 800).replace(b"IDAT", b"IDAT\xff\xff", 1)],
        "1x1": [_png(1, 1)],
        "20 MB of noise behind a JPEG's first bytes": [b"\xff\xd8\xff" + os.urandom(19_999_990)],
        "200 MB of noise": [os.urandom(200_000_000)],
        "text": [b"hello"],
        "an empty file": [b""],
        "33 photos": [jpeg] * 33,
        "the largest photo that is taken, a JPEG of 2,048x2,048": [_jpeg(2048, 2048)],
        "a JPEG of 8,192x4,096": [_jpeg(8192, 4096)],
    }


def _arrays() -> dict[str, np.ndarray]:
    return {
        "an array of 20,000x20,000": np.zeros((1, 20_000, 20_000, 3), np.uint8),
        "an array of no photos": np.zeros((0, 8, 8, 3), np.uint8),
        "NaN": np.full((1, 8, 8, 3), np.nan, np.float32),
        "an array without a batch": np.zeros((8, 8, 3), np.uint8),
    }


def _jpeg(height: int, width: int, mode: str = "RGB") -> bytes:
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(small).convert(mode).resize((width, height)).save(stream, "JPEG", quality=50)
    return stream.getvalue()


def _with_size(jpeg: bytes, side: int) -> bytes:
    place = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:place] + struct.pack(">HH", side, side) + jpeg[place + 4 :]


def _png(height: int, width: int, chunk: tuple[bytes, bytes] | None = None) -> bytes:
    """Black, one bit a pixel, which decodes to three bytes."""
    rows = zlib.compress(bytes(height * (1 + (width + 7) // 8)), 9)
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    parts = [header, *([chunk] if chunk else []), (b"IDAT", rows), (b"IEND", b"")]
    framed = (struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


if __name__ == "__main__":
    main()
