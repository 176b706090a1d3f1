"""Sharing work among processes that may die: every item is done, and given up only where it ends a process by itself.

Ray Data does not do here: by default, an actor that dies has its batch tried again for ever, so that one photo that
makes its decoder crash keeps a job from ending; or else the whole batch is left out, and nothing tells which item it
was.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Generic, NamedTuple, TypeVar

from wsfcn_tf.errors import UserError, first_line

T = TypeVar("T")
_TRIES = 3  # of an item, alone with a process
_DEATHS = 60  # of processes without anything done between: more than a chunk of such items ends; then it is not they
_PATIENCE = 30.0  # seconds between looks whether there is still a cluster
_AHEAD = 4  # chunks of each worker that wait for an earlier one

Start = Callable[[], tuple[Any, Any]]  # starts an actor; returns it, and the reference of what ends when it is there
Call = Callable[[Any, list], Any]  # begins to do items with an actor; returns the reference of the list of results


class Died(NamedTuple):
    """The result of an item that has been given up: how its process ended."""

    reason: str


def in_order(
    ray: ModuleType, start: Start, call: Call, workers: int, chunks: Iterable[Sequence[T]]
) -> Iterator[tuple[T, Any]]:
    """Does items with so many actors, a chunk at a time, and gives each with its result, in their order.

    What an actor had when it died is done again, each item alone. One that is alone with an actor that dies three
    times is given up. An actor for which there is no machine yet keeps nothing from the others.

    Args:
        ray: the module.
        start: starts an actor.
        call: has an actor do a chunk.
        workers: how many actors.
        chunks: the items; taken as they are needed, a few chunks ahead of what is given.

    Returns:
        Each item with its result, or with `Died`.

    Raises:
        UserError: an actor raised it, or actors die one after the other without anything done.
        Exception: an actor raised it.
    """
    shared = _Shared(ray, start, call, workers, iter(chunks))
    try:
        yield from shared.results()
    finally:
        shared.end()


@dataclass
class _Chunk(Generic[T]):
    """Items with places for their results."""

    items: list[T]
    results: dict[int, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return len(self.results) == len(self.items)


class _Part(NamedTuple):
    """What an actor gets: items of a chunk, by their places, and how often they have been tried alone."""

    chunk: _Chunk
    places: tuple[int, ...]
    tries: int = 0

    def again(self) -> list["_Part"]:
        """After an actor has died over it."""
        tries = self.tries + (len(self.places) == 1)
        return [_Part(self.chunk, (place,), tries) for place in self.places]


class _Shared:
    """Which actor does what."""

    def __init__(self, ray: ModuleType, start: Start, call: Call, workers: int, chunks: Iterator[Sequence]) -> None:
        self._ray, self._start, self._call, self._workers, self._chunks = ray, start, call, workers, chunks
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, _Part]] = {}
        self._again: deque[_Part] = deque()
        self._order: deque[_Chunk] = deque()
        self._is_all_taken = False
        self._deaths = 0  # since something was done
        for _ in range(workers):
            self._start_one()

    def results(self) -> Iterator[tuple[Any, Any]]:
        """See `in_order`."""
        while self._begin():
            self._end_of(self._wait())
            while self._order and self._order[0].is_done:
                chunk = self._order.popleft()
                yield from ((item, chunk.results[place]) for place, item in enumerate(chunk.items))

    def _wait(self) -> Any:
        """The first start or call that ends; it need not, if nothing is left that could start an actor."""
        while True:
            done, _ = self._ray.wait([*self._starting, *self._busy], num_returns=1, timeout=_PATIENCE)
            if done:
                return done[0]
            if not self._busy:
                print("waiting for a machine that can start a worker")
            if not any(node["Alive"] for node in self._ray.nodes()):
                raise UserError(
                    "no machine of the cluster is left; what is done is kept, --resume goes on with the rest"
                )

    def end(self) -> None:
        """Ends all actors, whatever they are doing."""
        for actor in (*self._starting.values(), *self._idle, *(actor for actor, _ in self._busy.values())):
            self._ray.kill(actor)

    def _begin(self) -> bool:
        """Gives idle actors something to do; returns whether anything is left to be done."""
        while self._idle and (part := self._next()):
            actor = self._idle.pop()
            self._busy[self._call(actor, [part.chunk.items[place] for place in part.places])] = (actor, part)
        return bool(self._order) or not self._is_all_taken

    def _next(self) -> _Part | None:
        if self._again:
            return self._again.popleft()
        if len(self._order) >= _AHEAD * self._workers:
            return None
        items = next(self._chunks, None)
        if items is None:
            self._is_all_taken = True
            return None
        chunk = _Chunk(list(items))
        self._order.append(chunk)
        return _Part(chunk, tuple(range(len(chunk.items))))

    def _start_one(self) -> None:
        actor, started = self._start()
        self._starting[started] = actor

    def _end_of(self, reference: Any) -> None:
        if reference in self._starting:
            actor, part = self._starting.pop(reference), None
        else:
            actor, part = self._busy.pop(reference)
        try:
            results = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            self._idle.append(actor)
            raise (error.cause if isinstance(error.cause, UserError) else error) from None
        except self._ray.exceptions.RayError as error:  # the actor, its machine, or the way to it
            self._ray.kill(actor)
            self._replace(part, error)
        else:
            self._idle.append(actor)
            if part:
                self._deaths = 0
                part.chunk.results.update(zip(part.places, results, strict=True))

    def _replace(self, part: _Part | None, error: Exception) -> None:
        self._deaths += 1
        if self._deaths > _DEATHS:
            raise UserError(
                f"the workers die before anything is done ({first_line(error)}); is there enough memory? Ask for "
                "fewer workers, or for more CPUs of each"
            ) from error
        self._start_one()
        for single in part.again() if part else ():
            if single.tries < _TRIES:
                self._again.append(single)
            else:
                single.chunk.results[single.places[0]] = Died(first_line(error))
