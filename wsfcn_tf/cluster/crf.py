"""The dense CRF on whatever CPUs of the cluster are free: where workers have GPUs, it is what takes the time."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from typing import Any

from wsfcn_tf.errors import first_line

_RETRIES = 2  # of what is lost with its process or machine, by Ray


class ClusterCPUs(Executor):
    """Tasks of Ray as an executor: each takes a CPU that no worker has, on any machine.

    Tasks and not actors: Ray gives each to the first CPU that is free, for all workers alike.

    Args:
        processes: not looked at: how many wait is up to the caller, how many run is up to the cluster.
    """

    def __init__(self, processes: int) -> None:
        self._ray = import_module("ray")
        options = {"num_cpus": 1, "max_retries": _RETRIES, "scheduling_strategy": "SPREAD"}
        self._task = self._ray.remote(**options)(_call)

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        """Begins a task. Its future raises what the function raises, or BrokenProcessPool if it was lost thrice."""
        errors, future = self._ray.exceptions, Future()

        def finish(done: Future) -> None:
            try:
                future.set_result(done.result())
            except errors.RayTaskError as error:
                future.set_exception(error.cause)
            except errors.RayError as error:
                future.set_exception(BrokenProcessPool(first_line(error)))

        self._task.remote(function, *arguments, **named).future().add_done_callback(finish)
        return future


def _call(function: Callable, *arguments: Any, **named: Any) -> Any:
    return function(*arguments, **named)
