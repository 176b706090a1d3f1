"""How long a million photos' tags take to read, beside asking the disk for each photo.

    python -m benchmarks.tag_files --photos 1000000

Makes that many empty files in a temporary folder, in folders of 1,000, and reads the three kinds of file.
With --other-tools, opens the folder with each kind of table that other tools and competitions write instead.
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

from wsfcn_tf.data.datasets.opening import open_layout
from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.photos.file_finder import FileFinder
from wsfcn_tf.data.tags.readers import read_tag_file

CLASSES = ("aeroplane", "bicycle", "bird", "boat", "bottle")


def main() -> None:
    """Runs the comparison and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--other-tools", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if arguments.other_tools:
            (root / "images").mkdir()
            time_other_tools(root, make_photos(root / "images", arguments.photos), arguments.rounds)
            return
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
    pairs = list(zip(names, tags_of(names), strict=True))
    with (root / "tags.csv").open("w") as file:
        file.write("image,tags\n")
        file.writelines(f"{name},{';'.join(shown)}\n" for name, shown in pairs)
    with (root / "tags.jsonl").open("w") as file:
        file.writelines(json.dumps({"image": name, "tags": shown}) + "\n" for name, shown in pairs)
    with (root / "onehot.csv").open("w") as file:
        file.write(f"image,{','.join(CLASSES)}\n")
        file.writelines(f"{name},{','.join('01'[c in shown] for c in CLASSES)}\n" for name, shown in pairs)


def tags_of(names: list[str]) -> list[list[str]]:
    """One or two of the classes for each photo, and none for every tenth."""
    return [sorted({CLASSES[i % len(CLASSES)], CLASSES[i % 3]}) if i % 10 else [] for i in range(len(names))]


def time_other_tools(root: Path, names: list[str], rounds: int) -> None:
    """Prints what it takes to open the folder with each of the tables in it, recognised and not."""
    print(f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}")
    print(f"| {len(names):,} photos, median of {rounds} | recognised, s | data.format given, s |\n|---|---:|---:|")
    (root / "classes.txt").write_text("\n".join(CLASSES))  # which settles what spaces part
    for title, (layout, text) in other_tables(names).items():
        (root / "labels.csv").write_text(text)
        seconds: dict[str, list[float]] = {"auto": [], layout: []}
        for _ in range(rounds):
            for given in seconds:
                used = time.process_time()
                assert len(open_layout(root, given).folder.names("train")) == len(names)
                seconds[given].append(time.process_time() - used)
        medians = [sorted(values)[len(values) // 2] for values in seconds.values()]
        print(f"| {title} | {medians[0]:.1f} | {medians[1]:.1f} |", flush=True)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def other_tables(names: list[str]) -> dict[str, tuple[str, str]]:
    """From what a table is to its layout and text."""
    pairs = list(zip(names, tags_of(names), strict=True))
    stems = [(name.rpartition("/")[2].removesuffix(".jpg"), tags) for name, tags in pairs]

    def rows(header: str, lines: Iterable[str]) -> str:
        return "\n".join([header, *lines])

    return {
        "image_id, tags parted by spaces": (
            "table",
            rows("image_id,tags", (f"{name},{' '.join(tags)}" for name, tags in stems)),
        ),
        "filename, tags parted by commas": (
            "table",
            rows("filename,tags", (f'{name},"{",".join(tags)}"' for name, tags in pairs)),
        ),
        "filename, tags parted by &#124;": (
            "table",
            rows("filename,tags", (f"{name},{'|'.join(tags)}" for name, tags in pairs)),
        ),
        "filename, tags as a JSON list": (
            "table",
            rows("filename,tags", (f"{name},{_quoted(tags)}" for name, tags in pairs)),
        ),
        "image_id, a column for each class": (
            "table",
            rows(
                f"image_id,{','.join(CLASSES)}",
                (f"{n},{','.join('01'[c in tags] for c in CLASSES)}" for n, tags in stems),
            ),
        ),
        "filename, a row for each box": (
            "table",
            rows(
                "filename,width,height,class,xmin,ymin,xmax,ymax",
                (f"{n},640,480,{tag},1,1,50,50" for n, tags in pairs for tag in tags or ["background"]),
            ),
        ),
        "ImageId, EncodedPixels and ClassId": (
            "table",
            rows("ImageId,EncodedPixels,ClassId", _masks(pairs, "{name},{runs},{tag}")),
        ),
        "ImageId_ClassId, EncodedPixels": (
            "table",
            rows("ImageId_ClassId,EncodedPixels", _masks(pairs, "{name}_{tag},{runs}")),
        ),
        "Label Studio's CSV": (
            "label_studio",
            rows(
                "image,id,choice,annotator,annotation_id,lead_time",
                (f"/data/upload/1/0123abcd-{n}.jpg,1,{_quoted({'choices': tags})},a,1,2.5" for n, tags in stems),
            ),
        ),
        "Open Images' labels": (
            "open_images",
            rows(
                "ImageID,Source,LabelName,Confidence",
                (f"{n},verification,{tag},{int(bool(tags))}" for n, tags in stems for tag in tags or CLASSES[:1]),
            ),
        ),
    }


def _masks(pairs: list[tuple[str, list[str]]], row: str) -> Iterable[str]:
    """A row for each tag, with 20 runs; without any where there is no tag."""
    runs = " ".join(f"{480 * i + 1} 40" for i in range(20))
    for name, tags in pairs:
        for tag in tags or CLASSES[:1]:
            yield row.format(name=name, tag=tag, runs=runs if tags else "")


def _quoted(value: object) -> str:
    """A value as JSON, in a CSV field."""
    return f'"{json.dumps(value).replace(chr(34), chr(34) * 2)}"'


def count(values: Iterable[object]) -> int:
    """How many of the values are true."""
    return sum(map(bool, values))


if __name__ == "__main__":
    main()
