"""`predict`: a mask for every photo, as a picture or as another tool's annotations."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsfcn_tf.commands.annotation_options import (
    add_annotation_options,
    annotation_options,
    annotation_record,
    check_annotation_options,
)
from wsfcn_tf.commands.cluster_options import add_cluster_arguments, network_on, workers_of
from wsfcn_tf.commands.inference_settings import add_crf_argument, add_inference_arguments, opened

if TYPE_CHECKING:
    from wsfcn_tf.config import InferenceConfig
    from wsfcn_tf.inference.annotation_output import AnnotationOutput
    from wsfcn_tf.inference.photos import Job
    from wsfcn_tf.inference.stream import Predict
    from wsfcn_tf.weights.trained import Trained


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("photos", nargs="*", metavar="PHOTO_OR_DIR", help="photos, and folders to search for photos")
    parser.add_argument("--split", help="instead of photos: a split of the run's data, such as test")
    parser.add_argument("--data", help="with --split: another data folder")
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--weights", help="a run's folder, or a .weights.h5 file in one")
    network.add_argument(
        "--server", metavar="URL", help="instead: a model server, http://HOST:8501 or grpc://HOST:8500[/v1/models/NAME]"
    )
    parser.add_argument("--server-ca", metavar="FILE", help="with https or grpcs: certificates to trust, a PEM file")
    add_inference_arguments(parser)
    parser.add_argument("--output", required=True, help="folder of what is written")
    parser.add_argument("--save-probabilities", action="store_true", help="also write NAME.npz: the masks in float16")
    parser.add_argument("--resume", action="store_true", help="leave alone the photos whose files are there")
    add_annotation_options(parser)
    add_crf_argument(parser)
    add_cluster_arguments(parser, with_crf=True)


def run(arguments: argparse.Namespace) -> None:
    """Predicts."""
    from wsfcn_tf.errors import UserError

    if bool(arguments.photos) == bool(arguments.split):
        raise UserError("name photos or folders to predict, or a split of the data with --split")
    if arguments.data and not arguments.split:
        raise UserError("--data is the folder that --split is taken from; for a folder of photos, leave out --data")
    if arguments.server_ca and not arguments.server:
        raise UserError("--server-ca is for --server")
    for other in ("server", "least_certain"):
        if arguments.workers is not None and getattr(arguments, other) is not None:
            raise UserError(f"--{other.replace('_', '-')} and --workers: leave out one of them")
    check_annotation_options(arguments)
    if arguments.server:
        done, warnings = f"{len(_predict_on_server(arguments))} masks and overlays: {arguments.output}", []
    else:
        done, warnings = _predict_here(arguments)
    print(done)
    for line in warnings:
        print(f"warning: {line}")


def _predict_on_server(arguments: argparse.Namespace) -> list[Path]:
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.serving.client.files import predict_on_server

    if arguments.split or arguments.set or arguments.inference or arguments.save_probabilities:
        raise UserError(
            "--split, --set, --inference and --save-probabilities need --weights: a server has no data, its settings "
            "were exported, and it sends labels only"
        )
    return predict_on_server(
        arguments.server, arguments.photos, arguments.output, ca=arguments.server_ca, resume=arguments.resume
    )


def _predict_here(arguments: argparse.Namespace) -> tuple[str, list[str]]:
    """What was written, and what tags tell about masks: those of a split's photos, if they are known, or training's."""
    from wsfcn_tf.cluster.stores import folder_of

    _check_stores(arguments)
    with folder_of(arguments.output) as folder:
        return _predict_into(folder, arguments)


def _check_stores(arguments: argparse.Namespace) -> None:
    """Refuses what is not written to a store."""
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.files.remote import is_url

    if not is_url(arguments.output):
        return
    if arguments.write != "masks" or arguments.least_certain is not None:
        raise UserError(f"{arguments.output}: --write and --least-certain need an --output on this machine")
    for photos in arguments.photos:
        if f"{arguments.output}/".startswith(f"{photos.rstrip('/')}/"):
            raise UserError(
                f"{arguments.output}: lies in {photos}, which is searched for photos: choose another --output"
            )


def _predict_into(folder: Path, arguments: argparse.Namespace) -> tuple[str, list[str]]:
    from wsfcn_tf.cluster.stores import StoredMasks
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.evaluation.metrics.tag_health import warnings
    from wsfcn_tf.evaluation.tag_collector import TagCollector
    from wsfcn_tf.files.remote import Remote, is_url
    from wsfcn_tf.inference.outputs import (
        MasksAndOverlays,
        WithProbabilities,
        describe,
        write_all,
        write_record,
        written,
    )
    from wsfcn_tf.inference.photos import named_photos, photos_of_split

    cluster = workers_of(arguments)
    segmenter = opened(arguments)
    trained, inference = segmenter.trained, segmenter.trained.config.inference
    root = arguments.data or trained.config.data.root
    if arguments.split and root and folder.resolve().is_relative_to(Path(root).resolve()):
        raise UserError(f"{arguments.output}: lies in the data folder {root}, whose files must not be overwritten")
    predict: Predict = partial(segmenter.predictions, crf_processes=arguments.crf_processes)
    by_tags = TagCollector(inference.presence_threshold)
    if arguments.split:
        dataset, with_tags = trained.dataset(arguments.data), inference.classes == "tags"
        jobs = photos_of_split(dataset, arguments.split, folder, with_tags=with_tags)
        if arguments.least_certain is None:  # the least certain tell nothing about all
            predict = by_tags.watching(predict, dataset.tags)
    else:
        jobs = named_photos(arguments.photos, folder)
    annotations = _annotations(trained, jobs, arguments)
    output = annotations or MasksAndOverlays()
    if arguments.save_probabilities:
        output = WithProbabilities(output)
    record = _record(trained, inference, arguments.weights) | annotation_record(arguments)
    write_record(folder, record, resume=arguments.resume)
    if is_url(arguments.output):
        output = StoredMasks(output, folder, Remote(arguments.output), arguments.save_probabilities)
    unreadable: list[str] = []
    photos = len(jobs)
    if arguments.least_certain is not None:
        jobs, unreadable = _least_certain(trained, inference, jobs, arguments)
    if cluster is None:
        found = partial(describe, class_names=trained.class_names)
        write = partial(written, predict, found, output)
    else:
        from wsfcn_tf.cluster.labelling import write_on

        network = network_on(cluster, arguments, inference, of_split=bool(arguments.split))
        write = write_on(cluster, network, output, by_tags)
    masks = write_all(write, jobs, output, resume=arguments.resume)
    if unreadable:
        raise UserError(f"{len(unreadable)} of {photos} photos left out, all others done: {'; '.join(unreadable)}")
    health = by_tags.health()
    if annotations is None:
        done = f"{len(masks)} masks and overlays: {arguments.output}"
    else:
        done = f"{len(masks)} photos for {arguments.write}: {annotations.told}"
    if health is not None and health.tells:
        return done, warnings(health, trained.class_names)
    return done, _warnings_of_training(trained)


def _warnings_of_training(trained: "Trained") -> list[str]:
    """What tags told of the network when its training ended; nothing of a checkpoint's weights."""
    from wsfcn_tf.runs.folder import RunFolder
    from wsfcn_tf.runs.summary import warnings_of

    run = RunFolder(trained.run)
    if trained.weights != run.weights:
        return []
    return [f"at the end of its training: {line}" for line in warnings_of(run)]


def _annotations(trained: "Trained", jobs: Sequence["Job"], arguments: argparse.Namespace) -> "AnnotationOutput | None":
    """What writes them; None if masks are to be written."""
    from wsfcn_tf.inference.annotation_output import open_annotations

    if arguments.write == "masks":
        return None
    return open_annotations(
        arguments.write,
        arguments.output,
        trained.class_names,
        jobs,
        annotation_options(arguments),
        with_photos=arguments.with_photos,
        resume=arguments.resume,
    )


def _least_certain(
    trained: "Trained", inference: "InferenceConfig", jobs: Sequence["Job"], arguments: argparse.Namespace
) -> tuple[list["Job"], list[str]]:
    """The photos to write, the least certain first, and what is wrong with those that cannot be read."""
    from wsfcn_tf.inference.least_certain import Measured, describe_ranking, rank, views_of, write_ranking

    ranked, unreadable = rank(views_of(trained.model, inference), jobs, Measured(arguments.output, arguments.resume))
    table = write_ranking(arguments.output, ranked, trained.class_names)
    first = ranked[: arguments.least_certain]
    if first:
        told = describe_ranking(first, trained.class_names)
        print(f"least certain of {len(ranked)} photos: {told}; all: {table}")
    return [one.job for one in first], unreadable


def _record(trained: "Trained", inference: "InferenceConfig", weights: str) -> dict[str, Any]:
    """What masks depend on beside their photos."""
    from wsfcn_tf.files.remote import is_url
    from wsfcn_tf.inference.rules import thresholds_note

    return {
        "weights": weights if is_url(weights) else str(trained.weights),
        "weights_sha256": trained.weights_sha256,
        "classes": list(trained.class_names),
        "inference": asdict(inference),
        "thresholds": thresholds_note(inference),
    }
