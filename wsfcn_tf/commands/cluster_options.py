"""`--workers N` and what goes with it: the commands that also run on several machines."""

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsfcn_tf.cluster.connection import Cluster
    from wsfcn_tf.cluster.labelling import Network
    from wsfcn_tf.config import InferenceConfig

_NEED_WORKERS = {"cluster": None, "gpus_per_worker": 0, "cpus_per_worker": None, "crf_cpus": None}


def add_cluster_arguments(parser: argparse.ArgumentParser, *, with_crf: bool) -> None:
    """Declares `--workers`, `--cluster`, `--gpus-per-worker` and `--cpus-per-worker`.

    Args:
        with_crf: whether `--crf-cpus` is one of them.
    """
    group = parser.add_argument_group("on several machines, with Ray (docs/cluster.md)")
    group.add_argument("--workers", type=int, metavar="N", help="so many processes, of this machine or of --cluster")
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="a Ray cluster that runs: HOST:PORT of its head, or auto for this machine's",
    )
    group.add_argument("--gpus-per-worker", type=int, default=0, metavar="G", help="GPUs of each worker (default: 0)")
    group.add_argument(
        "--cpus-per-worker",
        type=int,
        metavar="C",
        help="CPUs of each worker (default: 1 on a cluster; on this machine, its cores shared among the workers)",
    )
    if with_crf:
        group.add_argument(
            "--crf-cpus",
            type=int,
            metavar="N",
            help="N CPUs more, on any machine, for the dense CRF of all workers (default: each worker's own CPUs)",
        )


def cluster_of(arguments: argparse.Namespace) -> "Cluster | None":
    """What the arguments ask for; None without `--workers`.

    Raises:
        UserError: a number that cannot be, or something that needs `--workers`.
    """
    from wsfcn_tf.cluster.connection import Cluster
    from wsfcn_tf.errors import UserError

    if arguments.workers is None:
        for name, default in _NEED_WORKERS.items():
            if getattr(arguments, name, default) != default:
                raise UserError(f"--{name.replace('_', '-')} needs --workers N, the number of processes")
        return None
    cpus, crf = arguments.cpus_per_worker, getattr(arguments, "crf_cpus", None)
    if crf is not None and arguments.crf_processes is not None:
        raise UserError("--crf-processes and --crf-cpus: leave out one of them")
    for option, number, least in (
        ("--workers", arguments.workers, 1),
        ("--cpus-per-worker", 1 if cpus is None else cpus, 1),
        ("--gpus-per-worker", arguments.gpus_per_worker, 0),
        ("--crf-cpus", 1 if crf is None else crf, 1),
    ):
        if number < least:
            raise UserError(f"{option} must be at least {least}, not {number}")
    if cpus is None:
        cpus = 1 if arguments.cluster else max(1, (os.cpu_count() or 1) // arguments.workers)
    return Cluster(arguments.workers, arguments.gpus_per_worker, cpus, arguments.cluster, crf or 0)


def workers_of(arguments: argparse.Namespace) -> "Cluster | None":
    """As `cluster_of`, for a command that opens the network itself, too: it leaves GPUs to the workers."""
    cluster = cluster_of(arguments)
    if cluster is not None:
        import tensorflow as tf

        tf.config.set_visible_devices([], "GPU")
    return cluster


def network_on(
    cluster: "Cluster", arguments: argparse.Namespace, inference: "InferenceConfig", *, of_split: bool
) -> "Network":
    """What the workers of `predict` and `evaluate` open.

    Raises:
        UserError: CPUs for a CRF that there is not.
    """
    from wsfcn_tf.cluster.labelling import Network
    from wsfcn_tf.errors import UserError

    if cluster.crf_cpus:
        if inference.crf.iterations == 0:
            raise UserError("--crf-cpus: there is no CRF: leave it out, or --set inference.crf.iterations=10")
        processes = -(-cluster.crf_cpus // cluster.workers)
    else:
        processes = cluster.cpus if arguments.crf_processes is None else arguments.crf_processes
    return Network(arguments.weights, inference, arguments.data, of_split, cluster.cpus, processes)
