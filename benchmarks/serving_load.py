"""Throughput, latency and memory of the small network behind the tests' loopback server, with and without batching.

The server is a Python process of its own that speaks TensorFlow Serving's gRPC and REST over the exported SavedModel:
it is not TensorFlow Serving. The network is that of `configs/photos_small.yaml`, untrained: weights change no time.

Run `python -m benchmarks.serving_load [--side 224] [--requests 0]`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np

_CONCURRENT = (1, 2, 4, 8)
_BATCHING = {"no batching": 1, "batching": 8}  # server -> photos put together
_ROUNDS = 3
_REQUESTS = 32  # of a case in a round


def main() -> None:
    """Exports, starts both servers, prints the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=96, help="of the scenes, and --inner-size of the export")
    parser.add_argument("--requests", type=int, default=2000, help="of the memory test; 0 leaves it out")
    parser.add_argument("--serve", nargs=2, metavar=("MODELS", "BATCH"), help="be a server")
    arguments = parser.parse_args()
    if arguments.serve:
        _serve(Path(arguments.serve[0]), int(arguments.serve[1]))
        return
    from benchmarks.measure import where
    from benchmarks.small_export import export_small

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        export_small(Path(folder), (arguments.side, arguments.side))
        print(where(), flush=True)
        servers = {name: stack.enter_context(_Server(Path(folder), batch)) for name, batch in _BATCHING.items()}
        photos = _photos(8, arguments.side)
        _load_tables(servers, photos)
        if arguments.requests:
            _memory_table(servers["batching"], photos, arguments.requests)


class _Server:
    """A child process with both ends; `urls` and `resident` megabytes."""

    def __init__(self, folder: Path, batch: int) -> None:
        self._words = [sys.executable, "-m", "benchmarks.serving_load", "--serve", str(folder), str(batch)]

    def __enter__(self) -> "_Server":
        self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.urls = dict(zip(("gRPC", "REST"), self._process.stdout.readline().split(), strict=True))
        return self

    def __exit__(self, *error: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def resident(self) -> float:
        """Its memory now, from /proc."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1e3


def _serve(folder: Path, batch: int) -> None:
    """Serves until stdin ends."""
    from loopback.batching import Batcher
    from loopback.grpc_end import serve_grpc
    from loopback.model import Models, call
    from loopback.rest import serve_rest

    models = Models(folder, batch=Batcher(batch, timeout=0.005) if batch > 1 else call)
    with serve_grpc(models) as grpc, serve_rest(models) as rest:
        print(grpc, rest, flush=True)
        sys.stdin.read()


def _photos(count: int, side: int) -> list[bytes]:
    from wsfcn_tf.config import ScenesConfig
    from wsfcn_tf.data.datasets.scenes.scenes import Scenes
    from wsfcn_tf.serving.client.photos import encoded

    scenes = Scenes(ScenesConfig(train=count, size=side))
    return [encoded(scenes.image(name), name).data for name in scenes.names("train")]


def _load_tables(servers: dict[str, _Server], photos: list[bytes]) -> None:
    for end in ("gRPC", "REST"):
        for server in servers.values():
            for concurrent in _CONCURRENT:
                _ask(server.urls[end], photos, concurrent, 1)  # a batch size's first time is planning
    cases = [("gRPC", name, concurrent) for concurrent in _CONCURRENT for name in servers]
    cases += [("REST", name, 4) for name in servers]
    seconds: dict[tuple, list[float]] = {case: [] for case in cases}
    elapsed: dict[tuple, float] = dict.fromkeys(cases, 0.0)
    for _ in range(_ROUNDS):  # the cases take turns
        for case in cases:
            end, name, concurrent = case
            start = time.perf_counter()
            seconds[case] += _ask(servers[name].urls[end], photos, concurrent, _REQUESTS // concurrent)
            elapsed[case] += time.perf_counter() - start
    base = len(seconds[cases[0]]) / elapsed[cases[0]]
    print("\n| | concurrent requests | photos/s | ratio to the first | p50, ms | p95, ms | p99, ms |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for case in cases:
        end, name, concurrent = case
        rate = len(seconds[case]) / elapsed[case]
        p50, p95, p99 = 1e3 * np.percentile(seconds[case], (50, 95, 99))
        row = f"| {end}, {name} | {concurrent} | {rate:.1f} | {rate / base:.2f} | {p50:.0f} | {p95:.0f} | {p99:.0f} |"
        print(row, flush=True)


def _memory_table(server: _Server, photos: list[bytes], count: int) -> None:
    print("\n| requests | resident memory of the server, MB |\n|---:|---:|")
    parts = 8
    print(f"| 0 | {server.resident():.0f} |", flush=True)
    for part in range(1, parts + 1):
        _ask(server.urls["gRPC"], photos, 8, count // parts // 8)
        print(f"| {part * (count // parts // 8) * 8:,} | {server.resident():.0f} |", flush=True)


def _ask(url: str, photos: list[bytes], concurrent: int, each: int) -> list[float]:
    """Seconds of every request of one photo, from as many threads as there are concurrent requests."""
    from wsfcn_tf.serving import Client

    seconds: list[float] = []
    with Client(url) as client:

        def work(first: int) -> None:
            for index in range(each):
                start = time.perf_counter()
                client.predict([photos[(first + index) % len(photos)]])
                seconds.append(time.perf_counter() - start)

        threads = [threading.Thread(target=work, args=(first,)) for first in range(concurrent)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seconds) == concurrent * each
    return seconds


if __name__ == "__main__":
    main()
