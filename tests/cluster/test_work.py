"""Sharing work among processes that die, with a Ray that is this process."""

from collections import Counter
from itertools import islice

import pytest
from fake_ray import ActorDiedError, FakeRay, RayTaskError
from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.cluster.work import Died, in_order
from wsfcn_tf.errors import UserError


class Pool:
    """Actors that square numbers; `dies` says of each call of an item whether its actor dies over it."""

    def __init__(self, dies=lambda item, alone: False, never_starts=None):
        self.dies, self.never_starts, self.started, self.calls = dies, never_starts, [], Counter()

    def start(self):
        actor = f"actor {len(self.started)}"
        self.started.append(actor)

        def begin():
            if self.never_starts == actor:
                raise ActorDiedError(f"{actor} has no memory")

        return actor, begin

    def call(self, actor, items):
        def run():
            for item in items:
                self.calls[item] += 1
                if self.dies(item, len(items) == 1):
                    raise ActorDiedError(f"{actor} died of {item}\nand more")
            return [item**2 for item in items]

        return run


def chunks(numbers, size):
    left = iter(numbers)
    while chunk := list(islice(left, size)):
        yield chunk


def done(rng, pool, numbers, size=3, workers=2):
    ray = FakeRay(rng)
    found = list(in_order(ray, pool.start, pool.call, workers, chunks(numbers, size)))
    assert set(pool.started) <= set(ray.killed)  # none goes on when all is done
    return found


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("number", [0, 1, 7])
def test_every_item_once_and_in_order(rng, workers, number):
    pool = Pool()
    assert done(rng, pool, range(number), workers=workers) == [(item, item**2) for item in range(number)]
    assert set(pool.calls.values()) <= {1} and len(pool.started) == workers


def test_an_item_that_ends_its_process_is_given_up_and_no_other(rng):
    pool = Pool(lambda item, alone: item in (4, 5))
    found = dict(done(rng, pool, range(20)))
    assert found.pop(4).reason.endswith("died of 4") and found.pop(5).reason.endswith("died of 5")
    assert found == {item: item**2 for item in range(20) if item not in (4, 5)}
    assert pool.calls[4] == pool.calls[5] + 1 == 4  # once with others, where 5 was not reached, and three times alone


@given(seed=st.integers(0, 2**32 - 1), workers=st.integers(1, 4), size=st.integers(1, 5))
def test_whatever_dies_by_chance(seed, workers, size):
    """Processes end at any time: at most twice in a row over an item that is alone."""
    import numpy as np

    rng, alone_before = np.random.default_rng(seed), Counter()

    def dies(item, alone):
        unlucky = rng.random() < 0.2 and alone_before[item] < 2
        alone_before[item] += unlucky and alone
        return unlucky

    assert done(rng, Pool(dies), range(17), size, workers) == [(item, item**2) for item in range(17)]


def test_an_actor_that_ends_as_it_starts_is_replaced(rng):
    pool = Pool(never_starts="actor 1")
    assert done(rng, pool, range(9)) == [(item, item**2) for item in range(9)]
    assert pool.started == ["actor 0", "actor 1", "actor 2"]


def test_an_actor_without_a_machine_keeps_nothing_from_the_others(rng):
    class OneMachine(FakeRay):
        def wait(self, references, num_returns, timeout):
            there = [one for one in references if one is not pool.second]
            return ([there[0]], references) if there else ([], references)

        def nodes(self):
            return [{"Alive": True}]

    class Waiting(Pool):
        second = None

        def start(self):
            actor, begin = super().start()
            self.second = begin if actor == "actor 1" else self.second
            return actor, begin

    pool = Waiting()
    found = list(in_order(OneMachine(rng), pool.start, pool.call, 2, chunks(range(20), 3)))
    assert found == [(item, item**2) for item in range(20)]


def test_processes_that_die_of_everything_end_it(rng):
    with pytest.raises(
        UserError, match=r"^the workers die before anything is done \(actor \d+ died of \d+\); is there"
    ):
        done(rng, Pool(lambda item, alone: True), range(100))


@pytest.mark.parametrize(
    ("raised", "kind"), [(UserError("b.jpg: too large"), UserError), (KeyError("x"), RayTaskError)]
)
def test_what_an_actor_raises_ends_it(rng, raised, kind):
    ray, pool = FakeRay(rng), Pool()

    def call(actor, items):
        def run():
            raise RayTaskError(raised)

        return run

    with pytest.raises(kind, match=r"too large|x"):
        list(in_order(ray, pool.start, call, 2, [[1], [2]]))
    assert set(ray.killed) == set(pool.started)


def test_no_more_is_taken_than_a_few_chunks_ahead(rng):
    taken = []

    def numbers():
        for number in range(100):
            taken.append(number)
            yield [number]

    class FirstLast(FakeRay):
        """The first chunk takes longer than all others."""

        def wait(self, references, num_returns, timeout):
            others = [one for one in references if one is not pool.first]
            return [(others or references)[0]], []

    class Noting(Pool):
        first = None

        def call(self, actor, items):
            begun = super().call(actor, items)
            self.first = self.first or begun
            return begun

    pool = Noting()
    results = in_order(FirstLast(rng), pool.start, pool.call, 2, numbers())
    assert next(results) == (0, 0) and len(taken) == 8
    assert next(results) == (1, 1)


def test_several_items_that_end_their_process_are_all_given_up(rng):
    found = dict(done(rng, Pool(lambda item, alone: item < 6), range(8), size=8, workers=1))
    assert [isinstance(found[item], Died) for item in range(8)] == 6 * [True] + 2 * [False]


@pytest.mark.parametrize("alive", [True, False])
def test_a_cluster_without_machines_does_not_make_it_wait_for_ever(rng, alive):
    class Silent(FakeRay):
        waits = 0

        def wait(self, references, num_returns, timeout):
            self.waits += 1
            return ([], references) if self.waits < 3 else super().wait(references, num_returns, timeout)

        def nodes(self):
            return [{"Alive": False}, {"Alive": alive}]

    pool = Pool()
    results = in_order(Silent(rng), pool.start, pool.call, 2, [[1], [2]])
    if alive:
        assert list(results) == [(1, 1), (2, 4)]
    else:
        with pytest.raises(UserError, match="no machine of the cluster is left"):
            next(results)
