"""Processes of this machine that work beside this one."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def process_pool(number: int) -> ProcessPoolExecutor:
    """A pool of processes that leave Ctrl-C to this one and end when it does, also where it is killed.

    Args:
        number: how many, at most.
    """
    # spawn: a fork would copy the locks of TensorFlow's threads in whatever state they are
    return ProcessPoolExecutor(number, get_context("spawn"), initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent_process().join()  # without it, a process would wait for work for ever
    os._exit(1)
