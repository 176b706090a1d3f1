"""Training on a cluster: the workers that Ray Train starts, and starts again when one of them is lost."""

import math
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NamedTuple

from wsfcn_tf.cluster.connection import Cluster, Surroundings, connected
from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.errors import LostWorker, Stopped, UserError, first_line
from wsfcn_tf.files.remote import is_url
from wsfcn_tf.runs.lock import is_locked

_LEASE = 180  # seconds
_SECONDS = 0.2  # between looks for a signal
_STATUS = {"SIGTERM": os.EX_TEMPFAIL, "SIGINT": 130}  # as of one process
_GRACE = 600  # seconds that workers have after one

# What trains in a worker when its devices are known: config, output folder, whether to resume, and what tells that it
# is to stop.
Train = Callable[[ExperimentConfig, str, bool, Callable[[], str]], None]


class _Job(NamedTuple):
    """What a worker gets.

    Attributes:
        train: trains.
        config: the experiment.
        output: the run's folder, which all workers see.
        resume: whether the run may have begun before.
        surroundings: of the command.
        cluster: what was asked for.
        notice: the actor that all workers tell what ends the job.
    """

    train: Train
    config: ExperimentConfig
    output: str
    resume: bool
    surroundings: Surroundings
    cluster: Cluster
    notice: Any


class Notice:
    """What ends a job for good, which a worker or the command knows and the others do not: an actor.

    A worker that meets a user's mistake ends, which the others take for its loss; starting all again would not mend it.
    A signal to the command asks all workers to save and to stop.
    """

    def __init__(self) -> None:
        self._mistake: str | None = None
        self._stopped: tuple[str, int] | None = None
        self._signal = ""
        self._starts: dict[int, int] = {}

    def begin(self, rank: int) -> tuple[str | None, bool]:
        """Asked by each worker as it starts: the mistake that was met, and whether it has been started before."""
        before = self._starts.get(rank, 0)
        self._starts[rank] = before + 1
        return self._mistake, before > 0

    def tell(self, mistake: str) -> None:
        """Keeps the first mistake."""
        self._mistake = self._mistake or mistake

    def ask(self, name: str) -> None:
        """Has the workers stop, as a signal to them would."""
        self._signal = name

    def asked(self) -> str:
        """The name of the signal, or ""."""
        return self._signal

    def has_begun(self) -> bool:
        """Whether any worker has started."""
        return bool(self._starts)

    def stop(self, message: str, status: int) -> None:
        """Told by the worker that saves, when it has."""
        self._stopped = message, status

    def end(self) -> tuple[str | None, tuple[str, int] | None]:
        """The mistake that ended the job, and what `Stopped` said."""
        return self._mistake, self._stopped


def train_on(
    cluster: Cluster, train: Train, config: ExperimentConfig, output: str, *, resume: bool, max_failures: int
) -> None:
    """Trains with several workers until the end, taking up again what a worker's loss has interrupted.

    They are the processes that `TF_CONFIG` names (`MultiWorkerMirroredStrategy`), each with its part of every batch.
    One that is lost ends the others, and all are started again from the last checkpoint, on machines that are there.

    Args:
        cluster: where.
        train: what each worker does.
        config: the experiment.
        output: the run's folder, which all workers must see.
        resume: whether the run may have begun before.
        max_failures: how often all may be started again; -1 is without end.

    Raises:
        UserError: a mistake that any worker met, or more failures.
        Stopped: a signal asked to stop, and the state is saved.
    """
    with connected(cluster) as ray, tempfile.TemporaryDirectory() as records:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        notice = ray.remote(num_cpus=0, scheduling_strategy=here)(Notice).remote()  # is lost only with this process
        job = _Job(train, config, output, resume, Surroundings.here(cluster), cluster, notice)
        try:
            _fit(ray, _trainer(job, max_failures, records), notice)
        except ray.train.TrainingFailedError as error:
            _raise_end(ray, notice)
            raise UserError(
                f"{output}: a worker was lost more than {max_failures} times ({_reason(error)}); the run is as its "
                "last checkpoint left it: --resume continues it, and --max-failures allows more"
            ) from error
        _raise_end(ray, notice)


def _fit(ray: ModuleType, trainer: Any, notice: Any) -> None:
    """Runs it in another thread; in this one, Ray Train takes Ctrl-C for itself and ends the process with status 0."""
    asked: list[str] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(signal.Signals(number).name)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.write(2, f"\n{asked[-1]}: the workers save and stop; Ctrl-C ends at once\n".encode())

    caught = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, note) for number in caught}
    ended: Future = Future()
    threading.Thread(target=_settle, args=(ended, trainer.fit), daemon=True).start()
    try:
        end = math.inf
        while wait([ended], timeout=_SECONDS).not_done:
            if asked:
                name = asked.pop()
                ray.get(notice.ask.remote(name))
                end = time.monotonic() + (_GRACE if ray.get(notice.has_begun.remote()) else 0)
            if time.monotonic() > end:
                raise Stopped(
                    f"{name}: no worker answers; the run is as its last checkpoint left it; --resume continues",
                    _STATUS[name],
                )
        ended.result()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _settle(future: Future, function: Callable[[], Any]) -> None:
    try:
        future.set_result(function())
    except BaseException as error:
        future.set_exception(error)


def _trainer(job: _Job, max_failures: int, records: str) -> Any:
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.tensorflow import TensorflowTrainer

    cluster = job.cluster
    resources = {"CPU": cluster.cpus} | ({"GPU": cluster.gpus} if cluster.gpus else {})
    return TensorflowTrainer(
        _worker,
        train_loop_config={"job": job},
        scaling_config=ScalingConfig(
            num_workers=cluster.workers, use_gpu=cluster.gpus > 0, resources_per_worker=resources
        ),
        run_config=RunConfig(name="run", storage_path=records, failure_config=FailureConfig(max_failures=max_failures)),
    )


def _worker(settings: dict[str, _Job]) -> None:
    """One worker, from its start to the run's end."""
    import ray
    import ray.train

    job = settings["job"]
    rank = ray.train.get_context().get_world_rank()
    mistake, again = ray.get(job.notice.begin.remote(rank))
    if mistake is not None:
        return
    if job.cluster.workers == 1:
        os.environ.pop("TF_CONFIG", None)
    job.surroundings.enter()
    if again and rank == 0:
        _wait_for_lock(job.output)
    try:
        job.train(job.config, job.output, job.resume or again, lambda: ray.get(job.notice.asked.remote()))
    except Stopped as stopped:  # all stop together, and it is rank 0 that has saved
        if rank == 0:
            ray.get(job.notice.stop.remote(str(stopped), stopped.status))
    except LostWorker:
        raise  # Ray starts all again
    except UserError as error:
        ray.get(job.notice.tell.remote(str(error)))
        raise  # ends the others, too, which wait for this one; started again, all of them find the mistake


def _wait_for_lock(output: str) -> None:
    """A file server may hold the lock of a machine that is gone until its lease ends."""
    end = time.monotonic() + _LEASE
    while not is_url(output) and is_locked(Path(output)) and time.monotonic() < end:
        time.sleep(1)


def _raise_end(ray: ModuleType, notice: Any) -> None:
    mistake, stopped = ray.get(notice.end.remote())
    if mistake:
        raise UserError(mistake)
    if stopped:
        raise Stopped(*stopped)


def _reason(error: Exception) -> str:
    failures = getattr(error, "worker_failures", None) or {0: error}
    return first_line(next(iter(failures.values())))
