"""How long reading a photo takes in each format, and what a colour profile costs: `python -m benchmarks.photo_formats`.

A generated photo of 4000x3000 pixels. All ways take turns in one process: other work slows them alike.
With `--before FILE`, an earlier `images.py`, its `decode_image` takes turns, too.
"""

import argparse
import io
import runpy
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms

from tests.data.photos.icc_profiles import rgb_profile
from wsfcn_tf.data.photos.images import decode_image

SIZE = (4000, 3000)
TURNS = 15


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path)
    before = parser.parse_args().before
    ways = _ways(runpy.run_path(str(before))["decode_image"] if before else None)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TURNS + 1):
        for name in list(ways)[:: -1 if turn % 2 else 1]:
            start = time.perf_counter()
            ways[name]()
            if turn:  # the first is for caches
                times[name].append(time.perf_counter() - start)
    print("| photo | median, ms | least, ms |\n|---|---:|---:|")
    for name, taken in times.items():
        print(f"| {name} | {1e3 * statistics.median(taken):.1f} | {1e3 * min(taken):.1f} |")


def _ways(before: Callable[[bytes, str], np.ndarray] | None) -> dict[str, Callable[[], object]]:
    noise = np.random.default_rng(0).integers(0, 256, (SIZE[1] // 8, SIZE[0] // 8, 3), dtype=np.uint8)
    photo = Image.fromarray(cv2.resize(noise, SIZE, interpolation=cv2.INTER_CUBIC))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    jpeg = _encoded(photo, "JPEG", quality=90)
    files = {
        "JPEG": jpeg,
        "JPEG, sRGB": _encoded(photo, "JPEG", quality=90, icc_profile=srgb),
        "JPEG, Display P3": _encoded(photo, "JPEG", quality=90, icc_profile=rgb_profile()),
        "PNG": _encoded(photo, "PNG", compress_level=1),
        "WebP": _encoded(photo, "WEBP", quality=90),
        "AVIF": _encoded(photo, "AVIF", quality=80, speed=10),
        "TIFF": _encoded(photo, "TIFF"),
        "BMP": _encoded(photo, "BMP"),
    }
    if find_spec("pillow_heif"):
        from pillow_heif import register_heif_opener

        register_heif_opener()
        files["HEIC"] = _encoded(photo, "HEIF", quality=80)
    ways: dict[str, Callable[[], object]] = {"JPEG, OpenCV alone": lambda: _opencv(jpeg)}
    if before:
        ways["JPEG, before"] = lambda: before(jpeg, "photo")
        ways["JPEG, before, once more"] = lambda: before(jpeg, "photo")
    return ways | {name: lambda data=data: decode_image(data, "photo") for name, data in files.items()}


def _opencv(data: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _encoded(photo: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    photo.save(stream, kind, **options)
    return stream.getvalue()


if __name__ == "__main__":
    main()
