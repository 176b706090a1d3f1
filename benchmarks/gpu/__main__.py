"""One command for a GPU that is to be had for minutes: goldens, speed, memory, a training, an export.

    python -m benchmarks.gpu [--output FOLDER] [--seconds 560] [PART ...]

Each part is a process of its own with a time limit. What it prints appears at once and is added to FOLDER/gpu.md, so
nothing is lost when the machine goes; a part that fails leaves its last lines there and the others go on. On a machine
without a GPU, `--side 33 --batch 2 --width 0.1 --patience 10` tries all of it on the CPU.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

_LIMITS = {  # seconds; in the order of what is wanted most
    "versions": 30,
    "goldens": 80,
    "steps": 150,
    "training": 150,
    "pytorch": 60,
    "inference": 90,
    "refinement": 30,
    "export": 90,
    "xla": 150,
}


def main() -> None:
    """Runs the parts, or with `--here` one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*_LIMITS, []], metavar="PART")
    parser.add_argument("--output", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--seconds", type=float, default=560, help="for all parts together")
    parser.add_argument("--side", type=int, default=321)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--width", type=float, default=1, help="of the backbone, but for the goldens and PyTorch")
    parser.add_argument("--patience", type=float, default=1, help="multiplies the parts' time limits")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        _here(options)
        return
    options.output.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + options.seconds
    with (options.output / "gpu.md").open("a", encoding="utf-8", buffering=1) as report:
        for part in options.parts or _LIMITS:
            left = min(_LIMITS[part] * options.patience, end - time.monotonic())
            if left < 10:
                _say(report, f"\n{part}: no time was left for it")
                continue
            _run(part, options, left, report)


def _run(part: str, options: argparse.Namespace, seconds: float, report) -> None:
    words = ["--here"]
    for name in ("output", "side", "batch", "width"):
        words += [f"--{name}", str(getattr(options, name))]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    if part == "pytorch":  # brings CUDA libraries of its own
        environment = {
            name: value for name, value in environment.items() if name not in ("LD_LIBRARY_PATH", "PYTHONPATH")
        }
    start = time.monotonic()
    log = options.output / f"{part}.log"
    with log.open("w") as errors:
        command = ["timeout", str(int(seconds)), sys.executable, "-m", "benchmarks.gpu", part, *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        for line in process.stdout:
            _say(report, line.rstrip("\n"))
    status = process.wait()
    if status:
        _say(report, f"\n{part} ended with {status}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-6:]))
    _say(report, f"\n({part}: {time.monotonic() - start:.0f} s)")


def _say(report, line: str) -> None:
    print(line, flush=True)
    report.write(line + "\n")


def _here(options: argparse.Namespace) -> None:
    if options.parts == ["pytorch"]:
        from benchmarks.gpu import pytorch as module
    else:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        if options.parts[0] in ("training", "export"):
            from benchmarks.gpu import commands as module
        else:
            from benchmarks.gpu import network as module
    getattr(module, options.parts[0])(options)


if __name__ == "__main__":
    main()
