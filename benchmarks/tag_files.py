"""How long a million photos' tags take to read, beside asking the disk for each photo.

    python -m benchmarks.tag_files --photos 1000000

Makes that many empty files in a temporary folder, in folders of 1,000, and reads the three kinds of file.
"""

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.photos.file_finder import FileFinder
from wsfcn_tf.data.tags.readers import read_tag_file

CLASSES = ("aeroplane", "bicycle", "bird", "boat", "bottle")


def main() -> None:
    """Runs the comparison and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = make_photos(root, arguments.photos)
        write_tables(root, names)
        read = {name: (lambda name=name: read_tag_file(root / name, root)) for name in ("tags.csv", "tags.jsonl")}
        read["onehot.csv"] = lambda: read_tag_file(root / "onehot.csv", root)
        read["the names only: folders listed once"] = lambda: count(map(FileFinder(root).find, names))
        read["the names only: each one asked for"] = lambda: count((root / name).is_file() for name in names)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in read}
        for _ in range(arguments.rounds):  # in turn, as the machine is noisy
            for name, function in read.items():
                start, used = time.perf_counter(), time.process_time()
                assert len(found) == len(names) if isinstance(found := function(), dict) else found == len(names)
                times[name].append((time.process_time() - used, time.perf_counter() - start))
        print(f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}")
        print(f"| {len(names):,} photos, median of {arguments.rounds} | processor, s | clock, s |\n|---|---:|---:|")
        for name, seconds in times.items():
            used, passed = sorted(seconds)[len(seconds) // 2]
            print(f"| {name} | {used:.1f} | {passed:.1f} |", flush=True)
        for other in ("tags.jsonl", "onehot.csv"):
            (root / other).unlink()
        start, used = time.perf_counter(), time.process_time()
        dataset = TaggedFolder(root)
        assert len(dataset.names("train")) == len(names)
        used, passed = time.process_time() - used, time.perf_counter() - start
        print(f"| opening the folder as a dataset | {used:.1f} | {passed:.1f} |")
        print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def make_photos(root: Path, number: int) -> list[str]:
    """Empty files, a thousand to a folder; returns their names."""
    names = [f"{i // 1000:04d}/photo {i:07d}.jpg" for i in range(number)]
    for name in names:
        path = root / name
        if name.endswith("000.jpg"):
            path.parent.mkdir()
        path.touch()
    return names


def write_tables(root: Path, names: list[str]) -> None:
    """The three files, with one or two of the classes for each photo and none for every tenth."""
    tags = [sorted({CLASSES[i % len(CLASSES)], CLASSES[i % 3]}) if i % 10 else [] for i in range(len(names))]
    pairs = list(zip(names, tags, strict=True))
    with (root / "tags.csv").open("w") as file:
        file.write("image,tags\n")
        file.writelines(f"{name},{';'.join(shown)}\n" for name, shown in pairs)
    with (root / "tags.jsonl").open("w") as file:
        file.writelines(json.dumps({"image": name, "tags": shown}) + "\n" for name, shown in pairs)
    with (root / "onehot.csv").open("w") as file:
        file.write(f"image,{','.join(CLASSES)}\n")
        file.writelines(f"{name},{','.join('01'[c in shown] for c in CLASSES)}\n" for name, shown in pairs)


def count(values: Iterable[object]) -> int:
    """How many of the values are true."""
    return sum(map(bool, values))


if __name__ == "__main__":
    main()
