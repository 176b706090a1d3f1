"""Whether `make test` is green ten times in a row, on each generation, half of them beside what keeps all cores busy:
the other generation's tests, and processes of low priority that go on when one of them has ended first.

    .venv/bin/python -m benchmarks.ten_runs

It can be interrupted at any time: the same command goes on where it was, and what is finished is a line of
benchmarks/ten_runs.jsonl. Runs count of one commit: with changes that are not committed, none begins. `--runs` takes
another number, `--table` prints what is there. It needs the environments, which `make test` makes.
"""

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmarks.json_lines import append, lines
from wsfcn_tf.files.markdown import markdown_table

_ROOT = Path(__file__).parents[1]
_RESULTS = Path(__file__).with_suffix(".jsonl")
_WORKERS_BUSY = 2  # of each generation: together they take the memory of a run with four
_VERSIONS = "from importlib.metadata import version as v; print('TensorFlow', v('tensorflow') + ', Keras', v('keras'))"


def main() -> None:
    """Runs what is missing, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="of each generation")
    parser.add_argument("--workers", type=int, default=3, help="tests at a time, as make test has them")
    parser.add_argument("--table", action="store_true", help="run nothing")
    arguments = parser.parse_args()
    if not arguments.table:
        _run_missing(arguments.runs, arguments.workers)
    print(table(lines(_RESULTS)))


def _run_missing(runs: int, workers: int) -> None:
    commit = _committed()
    pythons = [_ROOT / name / "bin" / "python" for name in (".venv", ".venv-keras3")]
    generations = {_output(str(python), "-c", _VERSIONS): python for python in pythons if python.exists()}
    for number in range(runs):
        busy = number % 2 == 1
        about = {"commit": commit, "busy": busy, "workers": _WORKERS_BUSY if busy else workers}
        missing = {
            python: about | {"generation": generation}
            for generation, python in generations.items()
            if _done(about | {"generation": generation}) <= number // 2
        }
        if missing:
            _run(missing, busy)


def _run(missing: dict[Path, dict[str, Any]], busy: bool) -> None:
    """One run of each, with its interpreter, one after the other or, if all cores are to be busy, at once."""
    beside = _all_cores_busy() if busy else nullcontext()
    with beside, ThreadPoolExecutor(len(missing) if busy else 1) as at_once:
        for about, result in zip(missing.values(), at_once.map(_one_run, missing, missing.values()), strict=True):
            print(about | result, flush=True)
            append(_RESULTS, about | result)


def _done(about: dict[str, Any]) -> int:
    return sum(about.items() <= line.items() for line in lines(_RESULTS))


def _committed() -> str:
    """The commit that is tested."""
    own = f":!{_RESULTS.relative_to(_ROOT)}"
    changed = _output("git", "status", "--porcelain", "--untracked-files=no", "--", ".", own).split()
    if changed:
        sys.exit(f"{changed[-1]}: is changed, and runs count of one commit; commit it, or stash it")
    return _output("git", "rev-parse", "--short", "HEAD")


def _one_run(python: Path, about: dict[str, Any]) -> dict[str, Any]:
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report, output = Path(folder) / "report.xml", Path(folder) / "output.txt"
        words = [python, "-m", "pytest", "-m", "not slow", "-n", str(about["workers"]), f"--junitxml={report}"]
        words += ["-p", "no:cacheprovider"]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
        with output.open("w") as file:
            status = subprocess.run(words, cwd=_ROOT, env=environment, stdout=file, stderr=file).returncode
        if status:
            print(output.read_text(errors="replace"))
        counts = _counts(report) if report.exists() else {}
    seconds = round(time.monotonic() - start)
    return {"status": status, **counts, "seconds": seconds, "date": str(datetime.date.today()), "cores": os.cpu_count()}


def _counts(report: Path) -> dict[str, Any]:
    """Of pytest's report: how many tests passed and were skipped, and which failed."""
    outcomes = {"passed": 0, "skipped": 0, "failed": []}
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            outcomes["failed"].append(f"{case.get('classname')}::{case.get('name')}")
        else:
            outcomes["skipped" if case.find("skipped") is not None else "passed"] += 1
    return outcomes


@contextmanager
def _all_cores_busy() -> Iterator[None]:
    loop = [sys.executable, "-c", "import os; os.nice(10)\nwhile True: pass"]
    busy = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def _output(*words: str) -> str:
    return subprocess.run(words, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def table(runs: Sequence[dict[str, Any]]) -> str:
    """A row for each generation, commit, and what ran beside."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for run in runs:
        groups.setdefault((run["generation"], run["commit"], run["busy"]), []).append(run)
    rows = []
    for (generation, commit, busy), of_group in groups.items():
        green = sum(run["status"] == 0 for run in of_group)
        failed = sorted({name for run in of_group for name in run.get("failed", [])})
        rows.append(
            (
                generation,
                commit,
                "the other generation" if busy else "nothing",
                f"{green} of {len(of_group)}",
                _span([run.get("passed", 0) for run in of_group]),
                _span([run["seconds"] for run in of_group]),
                ", ".join(failed),
            )
        )
    return markdown_table(("generation", "commit", "busy beside", "green", "tests passed", "seconds", "failed"), rows)


def _span(values: Sequence[int]) -> str:
    return f"{min(values):,}" if min(values) == max(values) else f"{min(values):,} to {max(values):,}"


if __name__ == "__main__":
    main()
