"""Servers of one model on both transports, and what scripts their failures and joins their batches."""

from contextlib import ExitStack

import pytest
from loopback.batching import Batcher
from loopback.grpc_end import serve_grpc
from loopback.model import Models
from loopback.rest import serve_rest
from loopback.script import Script
from loopback.toy import save_toy

SERVE = {"http": serve_rest, "grpc": serve_grpc}


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory):
    """The folder of a model, for servers that read it."""
    folder = tmp_path_factory.mktemp("models") / "wsfcn"
    for version in (1, 3):
        save_toy(folder / str(version))
    return folder


@pytest.fixture(scope="module")
def batcher():
    return Batcher(max_batch_size=4, timeout=0.0)


@pytest.fixture(scope="module")
def script():
    return Script()


@pytest.fixture(scope="module")
def urls(two_versions, batcher, script):
    """{scheme: URL} of two servers of one model."""
    models = Models(two_versions, labels={"stable": 1}, batch=batcher, before=script)
    with ExitStack() as stack:
        yield {scheme: stack.enter_context(serve(models)) for scheme, serve in SERVE.items()}


@pytest.fixture(params=SERVE)
def url(urls, script, request):
    script.steps, script.calls = [], 0
    return urls[request.param]
