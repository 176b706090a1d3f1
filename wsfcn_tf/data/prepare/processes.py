"""The same work on many items, in several processes, with a progress bar."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from tqdm import tqdm

from wsfcn_tf.errors import UserError
from wsfcn_tf.processes import process_pool

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 16  # items that travel to a process at once


def in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], description: str, workers: int | None = None
) -> Iterator[Result]:
    """Yields `function(item)` for each item, in their order.

    Args:
        function: a function at a module's top level, or a `functools.partial` of one.
        items: what can be sent to another process.
        description: in front of the progress bar.
        workers: how many processes; None is one per core; with 1, the work is done in this one.

    Raises:
        UserError: a process was killed. What `function` raises is raised here, too.
    """
    workers = min(workers or os.cpu_count() or 1, max(1, len(items) // _CHUNK))
    bar = {"total": len(items), "desc": description, "unit": "image", "dynamic_ncols": True}
    if workers == 1:
        yield from tqdm(map(function, items), **bar)
        return
    pool = process_pool(workers)
    try:
        yield from tqdm(pool.map(function, items, chunksize=_CHUNK), **bar)
    except BrokenProcessPool:
        raise UserError(f"{description}: a process was killed, perhaps for want of memory: add --workers 1") from None
    finally:
        pool.shutdown(cancel_futures=True)
