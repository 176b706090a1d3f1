"""What a Ray cluster of two hosts does when processes and hosts are lost, and what it costs.

    python -m benchmarks.cluster_drills kills train    # 20 losses of a worker, node agent or host, within a training
    python -m benchmarks.cluster_drills head train     # the head is lost; another cluster, and the same with --resume
    python -m benchmarks.cluster_drills disk train     # the local disk of a host is full
    python -m benchmarks.cluster_drills kills label    # likewise, within the labelling of 1,000 photos
    python -m benchmarks.cluster_drills head label
    python -m benchmarks.cluster_drills disk label
    python -m benchmarks.cluster_drills cost label     # workers and the plain process, in turns

The hosts are namespaces of this machine (`cluster_hosts.py`), each with a CPU; jobs, and what they must come to, to the
bit, are in `cluster_jobs.py`. Each adds a line to benchmarks/cluster_drills.jsonl. Needs root, `ip`, and Ray:
requirements-cluster.txt.
"""

import argparse
import datetime
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cluster_hosts import Host, TwoHosts, missing, two_hosts
from benchmarks.cluster_jobs import Job, command, draw_photos, labelling, network, quiet, training
from benchmarks.json_lines import append, lines

_RESULTS = Path(__file__).with_suffix(".jsonl")
_COST_ROUNDS = 3
_FEW = 16


def main() -> None:
    """Runs one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drill", choices=("kills", "head", "disk", "cost"))
    parser.add_argument("job", choices=("train", "label"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.drill == "cost" and arguments.job == "train":
        sys.exit("cost is measured of labelling")
    if lacking := missing():
        sys.exit(f"hosts in namespaces need {lacking}")
    with tempfile.TemporaryDirectory() as name:
        result = _run(Path(name), arguments)
    about = {"drill": arguments.drill, "job": arguments.job, "date": str(datetime.date.today())}
    append(_RESULTS, about | {"cores": os.cpu_count()} | result)
    print(lines(_RESULTS)[-1])


def _run(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.drill == "cost":
        return _cost(folder, arguments.photos)
    job = training(folder) if arguments.job == "train" else labelling(folder, arguments.photos)
    begin = time.perf_counter()
    with two_hosts(folder / "hosts") as hosts:
        if arguments.drill == "kills":
            result = _kills(job, hosts, folder, arguments.kills, np.random.default_rng(arguments.seed))
        elif arguments.drill == "head":
            result = _head(job, hosts, folder)
        else:
            result = _disk(job, hosts, folder)
    return {"total": job.total, **result, "seconds": round(time.perf_counter() - begin)}


def _begin(job: Job, hosts: TwoHosts, host: Host, log: Path, *options: str) -> subprocess.Popen:
    """Starts a job's command on a host of the cluster; its lines go to a file."""
    words = command(*job.words, *options, "--workers", "2", "--cluster", hosts.address)
    with log.open("w") as file:
        return subprocess.Popen(host.command(*words), env=quiet(), stdout=file, stderr=file)


def _told(log: Path) -> str:
    """The command's mistake, or its last line if it told none."""
    lines = [line for line in log.read_text().replace("\r", "\n").splitlines() if line.strip()]
    return next((line for line in reversed(lines) if line.startswith("error: ")), lines[-1][:200] if lines else "")


# === Kills ===


def _kills(job: Job, hosts: TwoHosts, folder: Path, kills: int, rng: np.random.Generator) -> dict[str, Any]:
    log = folder / "shared.log"
    process = _begin(job, hosts, hosts.head, log)
    killed = _kill_while(process, job, hosts, kills, rng)
    return {"status": process.returncode, "kills": killed, **job.compared(log)}


def _kill_while(
    process: subprocess.Popen, job: Job, hosts: TwoHosts, kills: int, rng: np.random.Generator
) -> dict[str, int]:
    """Kills whenever both hosts have a worker and something has been done since; returns how often it was which."""
    ways: dict[str, Callable[[], None]] = {
        "worker": lambda: os.kill(int(rng.choice(workers)), signal.SIGKILL),
        "node agent": hosts.replace_second_agent,
        "host": hosts.replace_second,
    }
    killed, before = dict.fromkeys(ways, 0), 0
    while process.poll() is None and sum(killed.values()) < kills:
        time.sleep(0.05)
        on_each = [host.processes(job.title) for host in (hosts.head, hosts.second)]
        if job.done() <= before or not all(on_each):
            continue
        time.sleep(rng.uniform(0, 0.3))
        workers = [*on_each[0], *on_each[1]]
        if not all(Path(f"/proc/{worker}").exists() for worker in workers) or process.poll() is not None:
            continue
        way = str(rng.choice(list(ways), p=(0.6, 0.2, 0.2)))
        ways[way]()
        killed[way] += 1
        before = job.done()
    process.wait()
    return killed


# === The head, and a full disk ===


def _when_half_done(process: subprocess.Popen, job: Job) -> None:
    while process.poll() is None and job.done() < job.total // 2:
        time.sleep(0.02)


def _head(job: Job, hosts: TwoHosts, folder: Path) -> dict[str, Any]:
    """The command was given on the other host, which outlives the head."""
    log, again = folder / "lost.log", folder / "again.log"
    process = _begin(job, hosts, hosts.second, log)
    _when_half_done(process, job)
    hosts.head.lose()
    begin, done = time.perf_counter(), job.done()
    status = process.wait(600)
    seconds = round(time.perf_counter() - begin)
    hosts.second.lose()
    hosts.start()
    resumed = _begin(job, hosts, hosts.head, again, "--resume").wait()
    lost = {"status": status, "ended_after_s": seconds, "told": _told(log), "done": done}
    log.write_text(log.read_text() + again.read_text())
    return {"lost": lost, "status": resumed, **job.compared(log)}


def _disk(job: Job, hosts: TwoHosts, folder: Path) -> dict[str, Any]:
    """Its local disk, where Ray has its files and programs their temporary ones; outputs go to a shared folder."""
    log = folder / "shared.log"
    process = _begin(job, hosts, hosts.head, log)
    _when_half_done(process, job)
    hosts.second.fill_disk()
    done = job.done()
    status = process.wait()
    lost = {"told": _told(log)} if status else {}
    return {"status": status, **lost, "done_when_filled": done, **job.compared(log)}


# === Cost ===


def _cost(folder: Path, number: int) -> dict[str, Any]:
    """Seconds of the whole command; Ray's start is counted by labelling few photos."""
    run, photos = network(folder), draw_photos(folder, number)
    few = folder / "few"
    few.mkdir()
    for path in sorted(photos.iterdir())[:_FEW]:
        (few / path.name).hardlink_to(path)
    cases = {"plain": (), "one worker": ("--workers", "1"), "two workers": ("--workers", "2")}
    seconds: dict[str, list[float]] = {}
    for turn in range(_COST_ROUNDS):
        for name, options in cases.items():
            for kind, source in (("few", few), ("all", photos)):
                output = folder / f"{name} {kind} {turn}".replace(" ", "-")
                words = ["predict", str(source), "--weights", str(run), "--output", str(output), *options]
                begin = time.perf_counter()
                with output.with_suffix(".log").open("w") as log:
                    subprocess.run(command(*words), env=quiet(), stdout=log, stderr=log, check=True)
                seconds.setdefault(f"{name}, {kind}", []).append(time.perf_counter() - begin)
    median = {name: float(np.median(values)) for name, values in seconds.items()}
    return {
        "photos": number,
        "command_s": {name: round(value, 1) for name, value in median.items()},
        "milliseconds_a_photo": {
            name: round(1000 * (median[f"{name}, all"] - median[f"{name}, few"]) / (number - _FEW), 1) for name in cases
        },
    }


if __name__ == "__main__":
    main()
