import json
from dataclasses import asdict

import numpy as np
import pytest

from wsfcn_tf.runs import totals
from wsfcn_tf.runs.totals import EpochTotals

STEPS = [{"loss": np.random.default_rng(s).random(3, np.float32), "kept": np.float32([0, 1, s % 2])} for s in range(9)]


def test_means_are_over_images():
    sums = EpochTotals()
    for values in (*STEPS, {"loss": np.float32([7]), "kept": np.float32([1])}):
        sums.add(values)
    assert sums.images == 28
    expected = np.concatenate([*(values["loss"] for values in STEPS), [7]]).astype(np.float64).mean()
    assert sums.means() == {"loss": pytest.approx(expected, rel=1e-12), "kept": pytest.approx(14 / 28)}


@pytest.mark.parametrize("stop", [1, 4, 8])
def test_going_on_from_json_gives_the_same_to_the_bit(stop):
    whole, part = EpochTotals(), EpochTotals()
    for values in STEPS:
        whole.add(values)
    for values in STEPS[:stop]:
        part.add(values)
    part = EpochTotals(**json.loads(json.dumps(asdict(part))))
    for values in STEPS[stop:]:
        part.add(values)
    assert part == whole


def test_waiting_and_training_are_told_apart(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(totals.time, "perf_counter", lambda: clock[0])

    def photos():
        for seconds in (2.0, 0.5, 0.5):
            clock[0] += seconds
            yield "batch"

    sums = EpochTotals()
    for batch in sums.clocked(photos()):
        assert batch == "batch"
        clock[0] += 3.0
        sums.add({"loss": np.ones(4)})
        if sums.images == 8:
            clock[0] += 1.0  # a checkpoint
    assert (sums.waited, sums.seconds) == (3.0, 13.0)
    assert sums.speed() == {"images_per_second": 12 / 13, "wait": 3 / 13}


def test_a_checkpoint_has_the_time_of_the_step_before_it(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(totals.time, "perf_counter", lambda: clock[0])
    sums = EpochTotals()
    for _ in sums.clocked(["batch", "batch"]):
        clock[0] += 3.0
        sums.add({"loss": np.ones(4)})
        sums.count_time()
        assert sums.speed() == {"images_per_second": 4 / 3, "wait": 0.0}
        clock[0] += 1.0  # the checkpoint
        sums.seconds -= 1.0
    sums.count_time()  # no batch is under way any more
    assert asdict(sums) == {"images": 8, "sums": {"loss": 8.0}, "seconds": 6.0, "waited": 0.0}
