"""What a person waits for one photo: `predict` in a process of its own, from its start to its end.

Run `python -m benchmarks.start_up RUN PHOTO`. With `--beside FOLDER`, another checkout of this project, which has an
environment of the same name, takes turns with this one. Beside other work, go by the processor's seconds.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import where

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Prints the table, after a start of each that does not count: it fills caches of files and of machine code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("photo")
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    environment = Path(sys.prefix).name  # .venv or .venv-keras3
    roots = {"this": ROOT} | ({"beside": arguments.beside} if arguments.beside else {})
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in roots}
    settings = [word for setting in arguments.set for word in ("--set", setting)]
    for _ in range(1 + arguments.rounds):
        for name, root in roots.items():
            python = str(root / environment / "bin" / "python")
            command = [python, "-m", "wsfcn_tf", "predict", arguments.photo, "--weights", arguments.run, *settings]
            times[name].append(_seconds(command, root))
    print(f"{where()}\n\n| checkout | s, median | least | processor's s, median | least |\n|---|---:|---:|---:|---:|")
    for name, measured in times.items():
        wall, processor = np.array(measured[1:]).T
        cells = (np.median(wall), wall.min(), np.median(processor), processor.min())
        print(f"| {name} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")


def _seconds(command: list[str], root: Path) -> tuple[float, float]:
    """Of one process and its children: from start to end, and of all processors."""
    with tempfile.TemporaryDirectory() as output:
        before, start = _processor(), time.perf_counter()
        subprocess.run([*command, "--output", output], cwd=root, check=True, capture_output=True)
        return time.perf_counter() - start, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
