"""Commands whose photos, weights, masks and runs are in a bucket, by S3's own protocol: those of folders, to the bit.

    python -m benchmarks.object_store [--workers N]

The store is moto's server on this machine (`pip install 'moto[server]' s3fs`): Amazon's client talks to it as to S3. A
training is killed as soon as a checkpoint is in the bucket, and resumed there; photos are labelled from there to there,
and `--resume` finds them done.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.cluster_jobs import command, draw_photos, quiet
from benchmarks.run_equality import arrays
from benchmarks.workers import SETTINGS
from wsfcn_tf.files.remote import Remote
from wsfcn_tf.runs.manifest import MANIFEST

_BUCKET = "s3://wsfcn"


def main() -> None:
    """Runs all, and prints what was compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, help="label with so many workers of Ray, too")
    parser.add_argument("--photos", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, bucket():
        folder = Path(name)
        print(f"training killed and resumed: {_train(folder)}", flush=True)
        _label(folder, arguments.photos, [])
        if arguments.workers:
            _label(folder, arguments.photos, ["--workers", str(arguments.workers)])


@contextmanager
def bucket() -> Iterator[None]:
    """A server with an empty bucket, for this process and those that it starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_ACCESS_KEY_ID="any",
        AWS_SECRET_ACCESS_KEY="any",
        AWS_DEFAULT_REGION="us-east-1",
    )
    words = [sys.executable, "-m", "moto.server", "-p", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        import s3fs

        while server.poll() is None:
            try:
                s3fs.S3FileSystem(skip_instance_cache=True).mkdir(_BUCKET)
                break
            except OSError:
                time.sleep(0.5)
        yield
    finally:
        server.kill()
        server.wait()


def _run(log: Path, *words: str) -> subprocess.Popen:
    with log.open("a") as file:
        return subprocess.Popen(command(*words), env=quiet(), stdout=file, stderr=file)


def _train(folder: Path) -> str:
    more = ("training.epochs=60", "training.pretrain_epochs=60", "training.checkpoint_every=1")  # a minute
    settings = [word for setting in (*SETTINGS, *more) for word in ("--set", setting)]
    config = folder / "run.yaml"
    config.write_text("{}\n")
    words = ["train", "--config", str(config), *settings]
    if _run(folder / "plain.log", *words, "--output", str(folder / "plain")).wait():
        sys.exit((folder / "plain.log").read_text()[-2000:])
    run = Remote(f"{_BUCKET}/runs/mine")
    killed = _run(folder / "run.log", *words, "--output", run.url)
    while killed.poll() is None and not any(name.endswith(f"/{MANIFEST}") for name in run.names()):
        time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    first = killed.wait()
    second = _run(folder / "run.log", *words, "--output", run.url, "--resume").wait()
    run.fetch("model.weights.h5", folder / "found.weights.h5")
    expected, found = arrays(folder / "plain" / "model.weights.h5"), arrays(folder / "found.weights.h5")
    same = expected.keys() == found.keys() and all(np.array_equal(expected[name], found[name]) for name in expected)
    starts = json.loads(run.read("record.json"))["starts"]
    return f"statuses {first} and {second}, from {[one['from'] for one in starts]}, the same network: {same}"


def _label(folder: Path, number: int, options: list[str]) -> None:
    plain = folder / "masks"
    photos = folder / "photos"
    if not photos.is_dir():
        draw_photos(folder, number)
        store = Remote(f"{_BUCKET}/photos")
        for path in photos.iterdir():
            store.write(path.name, path)
        words = ["predict", str(photos), "--weights", str(folder / "plain"), "--output", str(plain)]
        assert _run(folder / "predict.log", *words).wait() == 0
    masks = Remote(f"{_BUCKET}/masks{len(options)}")
    words = ["predict", f"{_BUCKET}/photos", "--weights", f"{_BUCKET}/runs/mine", "--output", masks.url, *options]
    begin = time.perf_counter()
    first = _run(folder / "stored.log", *words).wait()
    seconds = time.perf_counter() - begin
    second = _run(again := folder / "again.log", *words, "--resume").wait()
    done = f"{number} of {number} photos are done already" in again.read_text()
    names = [path.name for path in plain.iterdir() if path.name != "prediction.json"]
    same = sum(Remote(f"{masks.url}/{name}").read() == (plain / name).read_bytes() for name in names)
    print(
        f"labelled {' '.join(options) or 'by one process'}: statuses {first} and {second}, "
        f"{same} of {len(names)} files the same, all found done: {done}, {seconds:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
