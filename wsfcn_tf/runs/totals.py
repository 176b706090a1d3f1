"""What an epoch adds up: per-image values, and the time that it took and waited."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

Batch = TypeVar("Batch")


@dataclass
class EpochTotals:
    """The sums of an epoch so far; a checkpoint within the epoch holds them, so that none is lost by resuming.

    Attributes:
        images: trained on.
        sums: of each per-image value.
        seconds: of waiting and training.
        waited: seconds of these in which training had no batch.
    """

    images: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    waited: float = 0.0

    def __post_init__(self) -> None:
        # up to when `seconds` holds the time, None while no batch is under way; not a field: a checkpoint needs it not
        self._counted: float | None = None

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        """Takes in a step's per-image values, {name: [B]}."""
        for name, value in values.items():
            # in float64 and one step after another, so that an interruption in between changes no bit
            self.sums[name] = self.sums.get(name, 0.0) + float(np.sum(value, dtype=np.float64))
        self.images += len(next(iter(values.values())))

    def clocked(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches; notes how long each was waited for, and the time until the next is asked for."""
        batches = iter(batches)
        while True:
            self._counted = asked = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                self._counted = None
                return
            self.count_time()
            self.waited += self._counted - asked
            yield batch
            self.count_time()

    def count_time(self) -> None:
        """Adds the time until now to `seconds`: before a checkpoint, whose step would else be missing in it."""
        if self._counted is not None:
            now = time.perf_counter()
            self.seconds += now - self._counted
            self._counted = now

    def means(self) -> dict[str, float]:
        """The mean of each per-image value."""
        return {name: total / self.images for name, total in self.sums.items()}

    def speed(self) -> dict[str, float]:
        """images_per_second, and wait: the share of the time in which training had no batch."""
        return {"images_per_second": self.images / self.seconds, "wait": self.waited / self.seconds}
