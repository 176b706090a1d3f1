"""What a process that serves an exported network takes at hostile requests, beside what it had before.

Run `python -m benchmarks.hostile_input`: exports the small network, with and without an inner size, and asks each
in a process of its own, which has TensorFlow only. Linux: peaks are taken from /proc.
"""

import argparse
import gc
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
    from wsfcn_tf.serving.graph.limits import Limits

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
    photos = signatures["serving_default"]
    ordinary = _jpeg(480, 640)
    photos(image_bytes=tf.constant([ordinary]))
    print(f"Resident once an ordinary photo has been answered: {_resident():.0f} MB.\n")
    print("| request | MB | answer | most memory meanwhile, MB above before | kept, MB |\n|---|---:|---|---:|---:|")
    rows = [("serving_default", "image_bytes", *row) for row in _photos().items()]
    rows += [("predict_array", "images", *row) for row in _arrays().items()]
    rows += [("probabilities", "images", f"{name}, to probabilities", make) for name, make in _large_arrays().items()]
    for signature, key, name, make in rows:
        print(f"| {name} | {_measured(signatures[signature], key, make())} |", flush=True)
    assert _answer(photos, "image_bytes", [ordinary]) == "answered"
    print(f"\nAn ordinary photo behind all of them is answered; resident: {_resident():.0f} MB.")


def _measured(signature: Callable[..., object], key: str, payload: list[bytes] | np.ndarray) -> str:
    size = payload.nbytes if isinstance(payload, np.ndarray) else sum(map(len, payload))
    before = _resident()
    said = _answer(signature, key, payload)
    most = _peak()
    return f"{size / 1e6:.2f} | {said} | {max(0, most - before):.0f} | {_resident() - before:.0f}"


def _answer(signature: Callable[..., object], key: str, payload: list[bytes] | np.ndarray) -> str:
    """What the caller reads."""
    try:
        signature(**{key: tf.constant(payload)})
    except (tf.errors.OpError, TypeError, ValueError) as error:
        text = str(error)
        found = re.search(r"assertion failed: \[(.*?)\]|(Shape of tensor .*)|(as input #0.*?) \[Op", text)
        return next(filter(None, found.groups())) if found else type(error).__name__
    return "answered"


def _peak() -> float:
    """The most megabytes this process has had since the last call."""
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1e3
    Path("/proc/self/clear_refs").write_text("5")
    return peak


def _resident() -> float:
    """Megabytes now."""
    gc.collect()  # an error's frames hold on to the request
    _peak()
    return _peak()


def _photos() -> dict[str, Callable[[], list[bytes]]]:
    jpeg = _jpeg(480, 640)
    text = (b"zTXt", b"a\0\0" + zlib.compress(bytes(10**9), 9))
    return {
        "an ordinary JPEG, 480x640": lambda: [jpeg],
        "a PNG, 20,000x20,000": lambda: [_png(20_000, 20_000)],
        "32 of them": lambda: [_png(20_000, 20_000)] * 32,
        "a PNG, 8,192x8,192": lambda: [_png(8192, 8192)],
        "a JPEG, 20,000x20,000": lambda: [_jpeg(20_000, 20_000, "L")],
        "a JPEG that says it is 65,535x65,535": lambda: [_with_size(jpeg, 65_535)],
        "a PNG, 64x64, with 1 GB of text": lambda: [_png(64, 64, chunk=text)],
        "a JPEG cut in half": lambda: [jpeg[: len(jpeg) // 2]],
        "a PNG with broken pixels": lambda: [_png(600, 800).replace(b"IDAT", b"IDAT\xff\xff", 1)],
        "1x1": lambda: [_png(1, 1)],
        "noise behind a JPEG's first bytes": lambda: [b"\xff\xd8\xff" + os.urandom(19_999_990)],
        "noise": lambda: [os.urandom(200_000_000)],
        "text": lambda: [b"hello"],
        "an empty file": lambda: [b""],
        "33 photos": lambda: [jpeg] * 33,
        "a JPEG, 2,048x2,048": lambda: [_jpeg(2048, 2048)],
        "4 of them": lambda: [_jpeg(2048, 2048)] * 4,
        "a JPEG, 8,192x4,096": lambda: [_jpeg(4096, 8192)],
    }


def _arrays() -> dict[str, Callable[[], np.ndarray]]:
    return {
        "an array, 20,000x20,000": lambda: np.zeros((1, 20_000, 20_000, 3), np.uint8),
        "an array of no photos": lambda: np.zeros((0, 8, 8, 3), np.uint8),
        "an array of NaN": lambda: np.full((1, 8, 8, 3), np.nan, np.float32),
        "an array of rank 3": lambda: np.zeros((8, 8, 3), np.uint8),
    }


def _large_arrays() -> dict[str, Callable[[], np.ndarray]]:
    return {
        "an array, 2,048x2,048": lambda: np.zeros((1, 2048, 2048, 3), np.uint8),
        "an array, 4,096x8,192": lambda: np.zeros((1, 4096, 8192, 3), np.uint8),
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
