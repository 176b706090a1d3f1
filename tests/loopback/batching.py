"""Requests of several clients as one batch, as TensorFlow Serving's batching does: same signature, same shapes."""

import threading
from concurrent.futures import Future

import numpy as np
from loopback.model import Failure, call


class Batcher:
    """A `batch` of `Models`: one thread runs batches; requests that come meanwhile, or within the time-out, join.

    Args:
        max_batch_size: examples in a batch; a request of more is refused.
        timeout: seconds that a batch waits to be full.
    """

    def __init__(self, max_batch_size, timeout):
        self._size, self._timeout = max_batch_size, timeout
        self._queue, self._changed = [], threading.Condition()
        self.batches = []  # their sizes
        threading.Thread(target=self._run, daemon=True).start()

    def __call__(self, function, inputs):
        count = len(next(iter(inputs.values())))
        if count > self._size:
            message = f"Task size {count} is larger than maximum input batch size {self._size}"
            raise Failure("INVALID_ARGUMENT", message)
        future = Future()
        with self._changed:
            self._queue.append((function, inputs, count, future))
            self._changed.notify()
        return future.result()

    def _run(self):
        while True:
            batch = self._next()
            self.batches.append(sum(count for _, _, count, _ in batch))
            try:
                joined = {name: np.concatenate([inputs[name] for _, inputs, _, _ in batch]) for name in batch[0][1]}
                outputs = call(batch[0][0], joined)
            except Exception as error:
                for *_, future in batch:
                    future.set_exception(error)
                continue
            start = 0
            for _, _, count, future in batch:
                future.set_result({name: value[start : start + count] for name, value in outputs.items()})
                start += count

    def _next(self):
        with self._changed:
            self._changed.wait_for(lambda: self._queue)
            self._changed.wait_for(lambda: sum(entry[2] for entry in self._queue) >= self._size, self._timeout)
            batch, size, rest = [], 0, []
            for entry in self._queue:
                if not rest and size + entry[2] <= self._size and (not batch or _same(entry, batch[0])):
                    batch.append(entry)
                    size += entry[2]
                else:
                    rest.append(entry)
            self._queue = rest
        return batch


def _same(one, other):
    shapes = ({name: value.shape[1:] for name, value in entry[1].items()} for entry in (one, other))
    return one[0] is other[0] and next(shapes) == next(shapes)
