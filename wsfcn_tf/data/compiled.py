"""Loops over pixels as machine code, by Numba."""

from collections.abc import Callable
from typing import TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable)


def compiled(function: Function) -> Function:
    """The function, compiled at its first call; it runs without Python's lock, so that threads work side by side.

    The machine code is kept on disk for other processes, beside the source or in the user's cache; where neither can be
    written, each compiles for itself. It is made anew when the function's own file changes, but not when another does:
    what is `compiled` in one file must not call what is in another.
    """
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # there is no such folder
        return njit(nogil=True)(function)
