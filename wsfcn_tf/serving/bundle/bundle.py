"""A folder with all that `docker compose up` needs to serve exported networks."""

import re
import shutil
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from google.protobuf import text_format

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing
from wsfcn_tf.serving.bundle.texts import BATCHING, COMPOSE, DOCKERFILE, KUBERNETES, MONITORING, README
from wsfcn_tf.serving.bundle.versions import Versions, find_versions
from wsfcn_tf.serving.bundle.warmup import MOST_RECORDS, WARMUP, replay, warmup_requests, write_warmup
from wsfcn_tf.serving.protos import protos


@dataclass(frozen=True)
class BundleConfig:
    """How the server is set up.

    Attributes:
        image: the container image; None takes tensorflow/serving of the version of tensorflow-serving-api.
        warmup: requests that a version answers before it is served.
        max_batch: photos that the server puts together, of one or several requests.
        batch_timeout_ms: how long a photo waits for others.
        batch_threads: batches that are computed at the same time.

    Raises:
        UserError: one of them is out of range.
    """

    image: str | None = None
    warmup: int = 6
    max_batch: int = 8
    batch_timeout_ms: int = 5
    batch_threads: int = 2

    def __post_init__(self) -> None:
        for key, least, most in (
            ("warmup", 1, MOST_RECORDS),
            ("max_batch", 1, 1024),
            ("batch_timeout_ms", 0, 60_000),
            ("batch_threads", 1, 1024),
        ):
            if not least <= getattr(self, key) <= most:
                raise UserError(f"--{key.replace('_', '-')} is {least} to {most:,}, not {getattr(self, key)}")


def write_bundle(models: str | Path, output: str | Path, config: BundleConfig) -> Versions:
    """Copies every version of a network into a new folder, with all that serves them; complete or not at all.

    models/NAME/VERSION/ with warm-up records, config/ with models.config, batching.config and monitoring.config,
    Dockerfile, compose.yaml, kubernetes.yaml, and README.md, which says how to start and to ask it. The newest version
    gets the label "stable".

    Args:
        models: MODELS/NAME, with a folder for each version that `export` wrote.
        output: the folder to make.
        config: how the server is set up.

    Returns:
        What is in it.

    Raises:
        UserError: the output exists, there is nothing to serve, a version fails at its warm-up, or
            tensorflow-serving-api is not installed.
    """
    output = Path(output)
    if output.exists():
        raise UserError(f"{output}: exists; choose another --output")
    versions = find_versions(models)
    if config.max_batch > versions.max_batch:
        raise UserError(
            f"--max-batch {config.max_batch}: {models} was exported to take at most {versions.max_batch} photos at once"
        )
    requests = warmup_requests(versions.name, config.warmup, config.max_batch)
    words = {
        "image": config.image or _image(versions),
        "name": versions.name,
        "label": _label(versions.name),
        "max_batch": config.max_batch,
        "batch_timeout_micros": 1000 * config.batch_timeout_ms,
        "batch_threads": config.batch_threads,
        "queue": 16 * config.batch_threads,
        "versions": ", ".join(map(str, versions.folders)),
        "newest": max(versions.folders),
    }
    texts = {
        "config/models.config": models_config(versions),
        "config/batching.config": BATCHING.substitute(words),
        "config/monitoring.config": MONITORING,
        "Dockerfile": DOCKERFILE.substitute(words),
        "compose.yaml": COMPOSE.substitute(words),
        "kubernetes.yaml": KUBERNETES.substitute(words),
        "README.md": README.substitute(words),
    }
    for source in versions.folders.values():
        replay(source, requests)
    with replacing(output) as folder:
        for version, source in versions.folders.items():
            copy = folder / "models" / versions.name / str(version)
            shutil.copytree(source, copy)
            write_warmup(copy / WARMUP, requests)
        for name, text in texts.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return versions


def models_config(versions: Versions) -> str:
    """A ModelServerConfig as text: every version, and "stable" for the newest."""
    server = protos("config.model_server_config_pb2").ModelServerConfig()
    model = server.model_config_list.config.add()
    model.name, model.base_path, model.model_platform = versions.name, f"/models/{versions.name}", "tensorflow"
    model.model_version_policy.specific.versions.extend(versions.folders)
    model.version_labels["stable"] = max(versions.folders)
    return text_format.MessageToString(server)


def _label(name: str) -> str:
    """A name as Kubernetes has them: lower case letters, digits and hyphens, a letter first, 63 at most."""
    return re.sub(r"[^a-z0-9]+", "-", f"wsfcn-{name.lower()}")[:63].strip("-")


def _image(versions: Versions) -> str:
    """The server has to be at least as new as what it serves."""
    protos("apis.predict_pb2")
    api = installed("tensorflow-serving-api")
    if tuple(map(int, api.split(".")[:2])) < versions.tensorflow:
        needed = ".".join(map(str, versions.tensorflow))
        raise UserError(
            f"a version was exported with TensorFlow {needed} and tensorflow-serving-api is {api}: make the bundle "
            f"where it was exported, or name an image of {needed} or newer with --image"
        )
    return f"tensorflow/serving:{api}"
