"""The dense CRF on other CPUs of the cluster than the workers': where these have GPUs, it is what takes the time."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from wsfcn_tf.errors import first_line


@contextmanager
def reserved(ray: ModuleType, cpus: int) -> Iterator[Any]:
    """So many CPUs of the cluster, on any machines, which workers that start again cannot be given: a placement group.

    None without any. Those of a machine that is lost are looked for on others.
    """
    if not cpus:
        yield None
        return
    group = ray.util.placement_group([{"CPU": 1}] * cpus, strategy="PACK")
    try:
        yield group
    finally:
        ray.util.remove_placement_group(group)


class ClusterCPUs(Executor):
    """Tasks of Ray on reserved CPUs as an executor.

    Tasks and not actors: Ray gives each to the first of the CPUs that is free, for all workers alike. None is tried
    again by Ray, which would do so without end where there is too little memory.

    Args:
        group: what `reserved` gives.
    """

    def __init__(self, group: Any) -> None:
        self._ray = import_module("ray")
        scheduling = import_module("ray.util.scheduling_strategies")
        strategy = scheduling.PlacementGroupSchedulingStrategy(group)
        self._task = self._ray.remote(num_cpus=1, max_retries=0, scheduling_strategy=strategy)(_call)

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        """Begins a task. Its future raises what the function raises, or BrokenProcessPool if the task was lost."""
        errors, future = self._ray.exceptions, Future()

        def finish(done: Future) -> None:
            try:
                future.set_result(done.result())
            except errors.RayTaskError as error:
                future.set_exception(error.cause)
            except errors.RayError as error:
                future.set_exception(BrokenProcessPool(first_line(error)))
            except BaseException as error:
                future.set_exception(error)

        self._task.remote(function, *arguments, **named).future().add_done_callback(finish)
        return future


def _call(function: Callable, *arguments: Any, **named: Any) -> Any:
    return function(*arguments, **named)
