"""What a signal to the command comes to, with and without workers that answer."""

import os
import signal
import time
from types import SimpleNamespace

import pytest

from wsfcn_tf.cluster import training
from wsfcn_tf.cluster.training import Notice
from wsfcn_tf.errors import Stopped

RAY = SimpleNamespace(get=lambda value: value)


def remote(notice):
    """Its methods as an actor has them, called here."""
    names = [name for name in vars(Notice) if not name.startswith("_")]
    return SimpleNamespace(**{name: SimpleNamespace(remote=getattr(notice, name)) for name in names})


def send(number):
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def handlers():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_workers_are_asked_and_waited_for():
    notice, seen = Notice(), []

    def fit():
        notice.begin(0)
        send(signal.SIGTERM)
        while not notice.asked():
            time.sleep(0.01)
        seen.append(notice.asked())

    training._fit(RAY, SimpleNamespace(fit=fit), remote(notice))
    assert seen == ["SIGTERM"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_without_a_worker_it_ends_at_once(number, status):
    def fit():
        send(number)
        time.sleep(3)

    with pytest.raises(Stopped, match=f"^{number.name}: no worker answers; .*--resume continues$") as stopped:
        training._fit(RAY, SimpleNamespace(fit=fit), remote(Notice()))
    assert stopped.value.status == status


def test_workers_that_never_answer_are_not_waited_for(monkeypatch):
    monkeypatch.setattr(training, "_GRACE", 0.1)
    notice = Notice()
    notice.begin(1)

    def fit():
        send(signal.SIGTERM)
        time.sleep(3)

    with pytest.raises(Stopped):
        training._fit(RAY, SimpleNamespace(fit=fit), remote(notice))


def test_what_ends_it_comes_through():
    def fit():
        raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        training._fit(RAY, SimpleNamespace(fit=fit), remote(Notice()))


def test_the_end_is_a_mistake_or_that_of_the_worker_that_saved():
    notice = Notice()
    training._raise_end(RAY, remote(notice))
    notice.stop("SIGTERM: saved; --resume continues", 75)
    with pytest.raises(Stopped, match="saved"):
        training._raise_end(RAY, remote(notice))
    notice.tell("photo.png: cut")
    with pytest.raises(training.UserError, match=r"photo\.png"):
        training._raise_end(RAY, remote(notice))
