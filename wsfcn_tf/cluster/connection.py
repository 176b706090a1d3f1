"""A connection to Ray: to a cluster that runs, or to one of this machine alone that ends with the command."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from wsfcn_tf.errors import UserError, first_line

_INSTALL = "pip install 'wsfcn-tf[cluster]'"


class Cluster(NamedTuple):
    """What a job asks for.

    Attributes:
        workers: processes with a network.
        gpus: of each.
        cpus: of each.
        address: of a cluster that runs: "auto" is the one that this machine belongs to, HOST:PORT is its head's. None
            starts one of this machine alone.
        crf_cpus: CPUs for the dense CRF, beside the workers'.
    """

    workers: int
    gpus: int = 0
    cpus: int = 1
    address: str | None = None
    crf_cpus: int = 0


class Surroundings(NamedTuple):
    """What a worker's process has in common with the command's.

    Attributes:
        folder: what relative paths are relative to.
        environment: TensorFlow's settings; without GPUs, it sees none, and takes as many threads as CPUs are the
            worker's.
    """

    folder: Path
    environment: dict[str, str]

    @classmethod
    def here(cls, asked: Cluster) -> "Surroundings":
        """Those of this process."""
        settings = {name: value for name, value in os.environ.items() if name.startswith("TF_") and name != "TF_CONFIG"}
        if asked.gpus:  # Ray says which
            return cls(Path.cwd(), settings)
        threads = {f"TF_NUM_{pool}_THREADS": str(asked.cpus) for pool in ("INTRAOP", "INTEROP")}
        return cls(Path.cwd(), threads | settings | {"CUDA_VISIBLE_DEVICES": "-1"})  # Ray would leave all to be seen

    def enter(self) -> None:
        """Makes them this process's own, where it sees the folder."""
        if self.folder.is_dir():
            os.chdir(self.folder)
        os.environ.pop("TF_USE_LEGACY_KERAS", None)  # Ray Train sets it; with Keras 3, tf.keras would be another Keras
        os.environ.update(self.environment)


@contextmanager
def connected(asked: Cluster) -> Iterator[ModuleType]:
    """Connects to the cluster, or uses the connection that there is, and gives the module `ray`.

    Raises:
        UserError: Ray is not installed, no cluster is at the address, or it has less than what is asked for.
    """
    ray = _library()
    if ray.is_initialized():
        yield ray
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would send them, and a line would ask
    # Ray Train imports TensorFlow before a worker can enter its surroundings
    environment = {"env_vars": Surroundings.here(asked).environment, "worker_process_setup_hook": _quieting()}
    if asked.address is None:
        ray.init(
            "local",
            num_cpus=max(os.cpu_count() or 1, asked.workers * asked.cpus + asked.crf_cpus),
            include_dashboard=False,
            logging_level="warning",
            runtime_env=environment,
            # the only machine cannot be lost; one that is busy with other things can answer too late
            _system_config={"health_check_failure_threshold": 1000},
        )
    else:
        try:
            ray.init(asked.address, logging_level="warning", runtime_env=environment)
        except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
            raise UserError(f"--cluster {asked.address}: {_refusal(error)}") from error
    try:
        _check([node["Resources"] for node in ray.nodes() if node["Alive"]], asked)
        yield ray
    finally:
        ray.shutdown()


def _quieting() -> Callable[[], None]:
    """What each process of Ray's does first; by value, as it may come before the package can be imported."""

    def quieten() -> None:
        import logging

        # would warn every second on a machine without Ray's dashboard, which no worker needs
        logging.getLogger("ray.train.v2._internal.execution.controller.placement_group_cleaner").setLevel(logging.ERROR)

    return quieten


def _library() -> ModuleType:
    try:
        return import_module("ray")
    except ImportError as error:
        raise UserError(f"--workers needs Ray, which is not installed: {_INSTALL}") from error


def _refusal(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if "AuthenticationError" in f"{type(cause).__name__} {cause}":  # some reach us as a text alone
            return (
                "its head asks for a token: copy the head's ~/.ray/auth_token to this machine, and set "
                "RAY_AUTH_MODE=token, for `ray start` on each machine, too"
            )
        cause = cause.__cause__
    return (
        f"no Ray cluster answers there ({first_line(error)}); `ray start --head` starts one, and without --cluster, "
        "this machine is one"
    )


def _check(machines: list[dict[str, float]], asked: Cluster) -> None:
    """A worker that no machine can start would be waited for for ever, in silence."""
    room = sum(
        min(int(there.get("CPU", 0)) // asked.cpus, int(there.get("GPU", 0)) // asked.gpus if asked.gpus else 1 << 30)
        for there in machines
    )
    if room < asked.workers:
        each = f"{asked.cpus} CPUs" + (f" and {asked.gpus} GPUs" if asked.gpus else "")
        raise UserError(
            f"--workers {asked.workers}: with {each} each, {len(machines)} machines have room for {room}: "
            "ask for fewer workers, or for less of each"
        )
    cpus = sum(int(there.get("CPU", 0)) for there in machines)
    if cpus < asked.workers * asked.cpus + asked.crf_cpus:
        raise UserError(
            f"--crf-cpus {asked.crf_cpus}: of the cluster's {cpus} CPUs, {asked.workers} workers take "
            f"{asked.workers * asked.cpus}: ask for fewer"
        )
