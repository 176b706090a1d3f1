"""What the command that hands photos to workers can do by itself: it is one process, whatever the cluster is.

    python -m benchmarks.cluster_scale

Lists photos, in a folder and in a store in memory, and hands them to two workers that do nothing; prints photos a
second and bytes a photo, and from them and from rates measured elsewhere, what a million and a hundred million take on
1, 10 and 100 hosts. Needs Ray: requirements-cluster.txt.
"""

import argparse
import contextlib
import io
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import fsspec

from wsfcn_tf.cluster.connection import Cluster, connected
from wsfcn_tf.cluster.work import in_order
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.inference.outputs import write_all
from wsfcn_tf.inference.photos import Job, named_photos

_CHUNK = 16
_HOSTS = (1, 10, 100)
_PHOTOS = (1_000_000, 100_000_000)
# photos a second of a host of two cores, photos of 320x213: benchmarks/inference.md, photos_best in float32
_HOST = {"one view": 27.5, "one view, CRF": 4.9, "four scales, flips": 2.5, "four scales, flips, CRF": 1.8}


class Rates(NamedTuple):
    """What one process can do: photos a second, and bytes a photo."""

    folder: float
    store: float
    handed: float
    memory: float


def main() -> None:
    """Measures, and prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20_000)
    rates = measure(parser.parse_args().photos)
    print(markdown_table(["", "photos a second"], _measured(rates)))
    print(f"\nA photo that waits takes {rates.memory:.0f} bytes of the command's memory.\n")
    print(markdown_table(["a host does", "photos", *(f"{hosts} hosts" for hosts in _HOSTS)], _on_paper(rates)))


def measure(number: int) -> Rates:
    """With so many photos, which are empty files: nobody opens them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "photos"
        for index in range(number):
            path = folder / f"{index % 20:02}" / f"{index:07}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        listed, seconds, memory = _timed(lambda: named_photos([folder], Path(name) / "masks"))
    store = fsspec.filesystem("memory")
    for index in range(number):
        store.pipe(f"/photos/{index % 20:02}/{index:07}.jpg", b"")
    _, stored, _ = _timed(lambda: named_photos(["memory://photos"], "masks"))
    return Rates(number / seconds, number / stored, number / _handing_out(listed), memory / number)


def _timed(make: Callable[[], Any]) -> tuple[Any, float, float]:
    """What is made, how long it takes, and how many bytes it keeps (made once more, as looking takes long)."""
    begin = time.perf_counter()
    made = make()
    seconds = time.perf_counter() - begin
    tracemalloc.start()
    again = make()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del again
    return made, seconds, kept


class _Idle:
    """A worker that tells of photos what another would find in them."""

    def write(self, photos: list[tuple[Path, str]]) -> list[tuple[str, list]]:
        return [("cat 0.98, dog 0.41", []) for _ in photos]


class _Nowhere:
    """An `Output` of which nothing is there."""

    def is_done(self, job: Job) -> bool:
        return False

    def finish(self, jobs: list[Job]) -> None: ...


def _handing_out(jobs: list[Job]) -> float:
    """Seconds, with the lines that the command prints."""
    cluster = Cluster(workers=2)
    with connected(cluster) as ray, contextlib.redirect_stdout(io.StringIO()):
        actor = ray.remote(num_cpus=1)(_Idle)

        def start() -> tuple[Any, Any]:
            started = actor.remote()
            return started, started.__ray_ready__.remote()

        def write(left: list[Job]) -> Any:
            chunks = (left[first : first + _CHUNK] for first in range(0, len(left), _CHUNK))
            call = lambda worker, part: worker.write.remote([(job.mask, job.name) for job in part])  # noqa: E731
            for job, (told, _) in in_order(ray, start, call, cluster.workers, chunks):
                yield job, told

        list(write(jobs[:_CHUNK]))  # Ray's own start
        begin = time.perf_counter()
        write_all(write, jobs, _Nowhere(), resume=False)
        return time.perf_counter() - begin


def _measured(rates: Rates) -> list[tuple[str, str]]:
    return [
        ("listed in a folder", f"{rates.folder:,.0f}"),
        ("listed in a store in memory", f"{rates.store:,.0f}"),
        ("handed to workers", f"{rates.handed:,.0f}"),
    ]


def _on_paper(rates: Rates) -> list[tuple[str, ...]]:
    rows = []
    for what, host in _HOST.items():
        for photos in _PHOTOS:
            hours = []
            for hosts in _HOSTS:
                work, alone = photos / min(hosts * host, rates.handed), photos / rates.folder
                limit = "" if hosts * host < rates.handed else " (handing out)"
                hours.append(f"{(work + alone) / 3600:,.1f} h{limit}")
            rows.append((f"{what}: {host}/s", f"{photos:,}", *hours))
    return rows


if __name__ == "__main__":
    main()
