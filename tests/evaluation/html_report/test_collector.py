import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_reports import evaluated, image, prediction_of, truth_of

from wsfcn_tf.evaluation.html_report.collector import ExampleCollector, largest_mistake
from wsfcn_tf.evaluation.html_report.stages import STAGES
from wsfcn_tf.inference.prediction import Prediction


def names(examples):
    return [example.name for example in examples]


def add(collector, name, truth, prediction):
    """Adds an image of one row, given its labels."""
    truth, labels = np.array([truth], np.uint8), np.array([prediction], np.uint8)
    collector.add(name, image(0, *truth.shape), truth, Prediction(labels, np.zeros(3), None))


def test_best_worst_and_most_confused():
    _, examples = evaluated(names="abcde", keep=2)  # each worse than the one before
    assert names(examples.best) == ["a", "b"]
    assert names(examples.worst) == ["e", "d"]
    assert names(examples.confused) == ["e", "d"]
    assert examples.best[0].miou == 1.0
    assert examples.best[0].mistake is None
    assert examples.best[0].class_iou == {0: 1.0, 1: 1.0}


def test_scores_of_an_image():
    collector = ExampleCollector(("cat", "dog", "emu"), 1)
    add(collector, "a", [0, 0, 1, 1, 1, 2, 255, 255], [0, 1, 1, 2, 2, 1, 3, 0])
    (example,) = collector.worst
    # 255 does not count: emu, predicted on such a pixel only, is not part of it.
    assert example.class_iou == pytest.approx({0: 1 / 2, 1: 1 / 5, 2: 0})
    assert example.miou == pytest.approx((1 / 2 + 1 / 5) / 3)
    mistake = example.mistake
    assert (mistake.truth, mistake.prediction, mistake.share) == (1, 2, pytest.approx(2 / 6))


def test_background_is_no_party_to_a_confusion():
    collector = ExampleCollector(("cat", "dog"), 2)
    add(collector, "missed", [1, 1, 1, 1], [0, 0, 0, 0])
    add(collector, "found too much", [0, 0, 0, 0], [1, 1, 1, 1])
    assert collector.confused == []
    add(collector, "one pixel", [1, 0, 0, 0], [2, 0, 0, 0])
    assert names(collector.confused) == ["one pixel"]
    assert largest_mistake(np.array([[5, 9], [9, 0]])) is None


def test_the_first_of_equals_is_kept_and_an_image_without_a_counted_pixel_is_not():
    collector = ExampleCollector(("cat",), 2)
    add(collector, "nothing", [255, 255], [0, 1])
    for name in "abc":
        add(collector, name, [0, 1], [0, 1])
    assert names(collector.best) == names(collector.worst) == ["a", "b"]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 8), max_size=20), st.integers(1, 4))
def test_what_is_kept_is_what_sorting_all_would_give(hits, keep):
    collector = ExampleCollector(("cat",), keep)
    for number, right in enumerate(hits):
        add(collector, str(number), [1] * 8, [1] * right + [0] * (8 - right))
    order = sorted(range(len(hits)), key=lambda number: hits[number])
    assert names(collector.worst) == [str(number) for number in order][:keep]
    order = sorted(range(len(hits)), key=lambda number: -hits[number])
    assert names(collector.best) == [str(number) for number in order][:keep]


def test_kept_images_are_encoded_and_no_arrays():
    collector = ExampleCollector(("cat", "dog", "emu"), 1)
    for number in range(6):
        collector.add(str(number), image(number), truth_of(number, 3), prediction_of(number, 3))
    kept = {id(e): e for e in (*collector.best, *collector.worst, *collector.confused)}.values()
    assert len(kept) == 2  # the worst is also the most confused: one object
    for example in kept:
        assert list(example.pictures) == list(STAGES)
        assert {type(data) for data in example.pictures.values()} == {bytes}
        assert example.size == (240, 160)
