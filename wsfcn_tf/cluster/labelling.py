"""Labelling photos on a cluster: each worker has a network, and writes the files of the photos that it is given."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from wsfcn_tf.cluster.connection import Cluster, Surroundings, connected
from wsfcn_tf.cluster.crf import ClusterCPUs, reserved
from wsfcn_tf.cluster.stores import fetched
from wsfcn_tf.cluster.work import Died, in_order
from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.tag_collector import TagCollector
from wsfcn_tf.inference.outputs import Output, describe, written
from wsfcn_tf.inference.photos import Job, photo_job, split_job
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import CRFPool, Photo, Predict, spawned, with_crf_pool
from wsfcn_tf.inference.views import SizeWatch
from wsfcn_tf.weights.trained import Trained, load_trained

_MOST = 16  # photos at a time
_MOST_EACH_CPU = 8  # for each CPU that computes a worker's CRF elsewhere: as a chunk ends, they run out of work
_TURNS = 4  # at least so many chunks for each worker, so that all end at about the same time


@dataclass(frozen=True)
class Network:
    """What a worker opens.

    Attributes:
        weights: a run's folder or weights file, which all workers see, or a run's URL.
        inference: the rules, with a precision instead of "auto".
        data: with `split_data`, another data folder than the run's.
        of_split: whether photos are those of a dataset, by their names, and not files.
        threads: how many compute saliency and GrabCut in each worker.
        crf_processes: how many processes, or CPUs elsewhere, compute the dense CRF of each worker's photos.
    """

    weights: str
    inference: InferenceConfig
    data: str | None = None
    of_split: bool = False
    threads: int = 1
    crf_processes: int = 1


class _Opened(NamedTuple):
    """A network, what it predicts with, and the dataset whose photos are given by name."""

    trained: Trained
    predict: Predict
    dataset: Any


class Worker:
    """A network in a process of its own: an actor.

    Args:
        network: what it opens, when it first has something to do, so that a mistake is told as such.
        surroundings: of the command.
        crf_group: the CPUs that compute the dense CRF, as `reserved` gives them; None are the worker's own.
    """

    def __init__(self, network: Network, surroundings: Surroundings, crf_group: Any = None) -> None:
        self._network, self._crf_group = network, crf_group
        self._opened: _Opened | None = None
        surroundings.enter()

    def predict(self, photos: list[Photo]) -> list[Any]:
        """The photos' predictions, as `Segmenter.predictions`."""
        return [prediction for _, prediction in self._open().predict(photos)]

    def write(self, output: Output, photos: list[tuple[Path, str]]) -> list[tuple[Any, list]]:
        """Writes the files of photos, given as mask and name.

        Returns:
            Of each, what was found in it or the UserError it is left out for, and what its tags tell.
        """
        trained, predict, dataset = self._open()
        by_tags = TagCollector(self._network.inference.presence_threshold)
        if dataset is None:
            jobs = [photo_job(name, mask) for mask, name in photos]
        else:
            with_tags = self._network.inference.classes == "tags"
            jobs = [split_job(dataset, name, mask, with_tags=with_tags) for mask, name in photos]
            predict = by_tags.watching(predict, dataset.tags)
        found = partial(describe, class_names=trained.class_names)
        results = {job.mask: (told, by_tags.take()) for job, told in written(predict, found, output, jobs)}
        return [results[mask] for mask, _ in photos]

    def _open(self) -> _Opened:
        if self._opened is None:
            network = self._network
            with fetched(network.weights) as weights:
                trained = load_trained(weights)
            dataset = trained.dataset(network.data) if network.of_split else None
            start = spawned if self._crf_group is None else lambda _: ClusterCPUs(self._crf_group)
            pool = CRFPool(network.inference.crf, network.crf_processes, start)
            model = trained.in_precision(network.inference.precision).model
            predict = with_crf_pool(Predictor(model, network.inference), pool, network.threads)
            sizes = SizeWatch(trained.config.data, network.inference, _tell_warning)
            self._opened = _Opened(trained, partial(_watched, sizes, predict), dataset)
        return self._opened


def _watched(sizes: SizeWatch, predict: Predict, photos: Iterable[Photo]) -> Iterator[tuple[Photo, Any]]:
    for photo, prediction in predict(photos):
        sizes.see(photo.name, photo.image)
        yield photo, prediction


def _tell_warning(line: str) -> None:
    print(f"warning: {line}", flush=True)  # Ray shows what workers print


def write_on(
    cluster: Cluster, network: Network, output: Output, by_tags: TagCollector
) -> Callable[[Sequence[Job]], Iterator[tuple[Job, str | UserError]]]:
    """What `write_all` takes: the workers write the files of photos, and a photo that ends its worker is left out.

    Args:
        cluster: where.
        network: what each worker opens.
        output: what is written of each photo; its folder is seen by all workers.
        by_tags: gets what the tags of a split's photos tell.
    """

    def write(jobs: Sequence[Job]) -> Iterator[tuple[Job, str | UserError]]:
        if not jobs:
            return

        def call(actor: Any, photos: list[Job]) -> Any:
            return actor.write.remote(output, [(job.mask, job.name) for job in photos])

        most = max(_MOST, _MOST_EACH_CPU * network.crf_processes if cluster.crf_cpus else 0)
        for job, result in _shared(cluster, network, call, _chunks(jobs, cluster.workers, most)):
            if isinstance(result, Died):
                yield job, _died(job.name, result)
                continue
            told, rows = result
            by_tags.extend(rows)
            yield job, told

    return write


def predict_on(cluster: Cluster, network: Network) -> Predict:
    """A `Predict` whose photos are predicted by the workers: read here, and counted here.

    One at a time, as predictions, with all of their masks, are many times as large as photos.

    Args:
        cluster: where.
        network: what each worker opens.
    """

    def predict(photos: Iterable[Photo]) -> Iterator[tuple[Photo, Any]]:
        def call(actor: Any, photos: list[Photo]) -> Any:
            return actor.predict.remote(photos)

        for photo, result in _shared(cluster, network, call, ([photo] for photo in photos)):
            if isinstance(result, Died):
                raise _died(photo.name, result)
            yield photo, result

    return predict


def _shared(cluster: Cluster, network: Network, call: Callable, chunks: Iterable[list]) -> Iterator[tuple[Any, Any]]:
    with connected(cluster) as ray, reserved(ray, cluster.crf_cpus) as group:
        actor = ray.remote(num_cpus=cluster.cpus, num_gpus=cluster.gpus, max_restarts=0)(Worker)
        surroundings = Surroundings.here(cluster)

        def start() -> tuple[Any, Any]:
            started = actor.remote(network, surroundings, group)
            return started, started.__ray_ready__.remote()

        yield from in_order(ray, start, call, cluster.workers, chunks)


def _chunks(items: Sequence[Any], workers: int, most: int) -> Iterator[Sequence[Any]]:
    size = max(1, min(most, len(items) // (_TURNS * workers)))
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _died(name: str, died: Died) -> UserError:
    return UserError(f"{name}: each worker that was given it has died ({died.reason})")
