from dataclasses import replace

import numpy as np
import pytest

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.training.schedule import Schedule, build_schedule


def shares(schedule, count):
    return [float(schedule.share(step)) for step in range(count)]


def test_constant_costs_nothing():
    assert Schedule().share(7) == 1.0 and isinstance(Schedule().share(7), float)


def test_cooldown_is_linear_to_zero():
    np.testing.assert_allclose(shares(Schedule(steps=6, cooldown=4), 8), [1, 1, 1, 0.75, 0.5, 0.25, 0, 0], atol=1e-6)


def test_poly():
    expected = [(1 - step / 5) ** 0.9 for step in range(5)]
    np.testing.assert_allclose(shares(Schedule("poly", 5), 6), [*expected, 0], atol=1e-6)


def test_cosine():
    expected = [(1 + np.cos(np.pi * step / 5)) / 2 for step in range(5)]
    np.testing.assert_allclose(shares(Schedule("cosine", 5), 6), [*expected, 0], atol=1e-6)


@pytest.mark.parametrize("course", ["constant", "poly", "cosine"])
def test_warm_up_then_the_course_from_its_beginning(course):
    with_warmup = shares(Schedule(course, 9, warmup=4), 9)
    np.testing.assert_allclose(with_warmup[:5], [0.25, 0.5, 0.75, 1, 1], atol=1e-6)
    np.testing.assert_allclose(with_warmup[4:], shares(Schedule(course, 5), 5), atol=1e-6)


def test_all_counts_are_epochs_in_the_config():
    config = replace(TrainingConfig(), epochs=10, warmup_epochs=0.5, schedule="cosine")
    assert build_schedule(config, 8) == Schedule("cosine", steps=80, warmup=4)
    config = replace(TrainingConfig(), epochs=10, cooldown_epochs=3)
    assert build_schedule(config, 8) == Schedule("constant", steps=80, cooldown=24)
    assert build_schedule(TrainingConfig(), None) == Schedule()
    for settings in ({"schedule": "poly"}, {"warmup_epochs": 1.0}, {"cooldown_epochs": 1}):
        with pytest.raises(ValueError, match="needs steps_per_epoch"):
            build_schedule(replace(TrainingConfig(), **settings), None)
