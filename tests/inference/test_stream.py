import os
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.crf import refine
from wsfcn_tf.inference.photo_cues import with_photo_cues
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.rules import NetworkOutput, to_prediction
from wsfcn_tf.inference.stream import Photo, one_by_one, with_crf_processes

CONFIG = InferenceConfig(background="none", presence_threshold=0.0, crf=CRFConfig(iterations=2))


class Colours:
    """A predictor whose masks are the photo's colours; remembers how far ahead it has read."""

    def __init__(self, config=CONFIG):
        self.config, self.seen = config, 0

    def by_rules(self, image, tags):
        self.seen += 1
        output = NetworkOutput(np.asarray(image, np.float32) / 255, np.zeros(2, np.float32))
        return to_prediction(output, self.config, tags)


def photos(count=6):
    rng = np.random.default_rng(0)
    return [Photo(str(i), rng.integers(0, 256, (9 + i, 12, 3), dtype=np.uint8)) for i in range(count)]


@pytest.mark.parametrize("processes", [1, 2])
def test_any_number_of_processes_gives_what_one_photo_at_a_time_gives(processes):
    results = list(with_crf_processes(Colours(), processes)(iter(photos())))
    assert [photo.name for photo, _ in results] == ["0", "1", "2", "3", "4", "5"]
    for photo, prediction in results:
        expected = refine(photo.image, Colours().by_rules(photo.image, None), CONFIG.crf)
        for name in ("labels", "scores", "masks", "raw_masks", "unrefined"):
            np.testing.assert_array_equal(getattr(prediction, name), getattr(expected, name))


def test_a_process_starts_while_the_first_photo_is_at_the_network():
    class Watching(Colours):
        def by_rules(self, image, tags):
            started.extend(child for child in active_children() if child not in before)
            return super().by_rules(image, tags)

    before, started = active_children(), []  # processes of earlier tests may still be ending
    list(with_crf_processes(Watching(), 2)(iter(photos(1))))
    assert len(started) == 1


@pytest.mark.parametrize("iterations", [0, 2])
def test_photos_that_go_without_a_crf_keep_their_turn(iterations):
    """The photos are large enough for GrabCut to start from random pixels of theirs."""
    crf = CRFConfig(iterations=iterations)
    config = replace(CONFIG, saliency=5.0, grab_cut=2, photo_cues="one_class", crf=crf)
    rng = np.random.default_rng(0)
    some = [Photo(str(i), rng.integers(0, 256, (60 + i, 70, 3), dtype=np.uint8)) for i in range(6)]
    for i, photo in enumerate(some):
        photo.image[20:40, 10:50, 0] = 5  # where a thing is
        if i in (0, 3, 5):
            photo.image[..., 2] = 0
    results = list(with_crf_processes(Colours(config), 2)(iter(some)))
    assert [photo.name for photo, _ in results] == ["0", "1", "2", "3", "4", "5"]
    assert [prediction.without_crf for _, prediction in results] == [i in (0, 3, 5) for i in range(6)]
    for photo, prediction in results:
        plain = Colours(config).by_rules(photo.image, None)
        expected = with_photo_cues(photo.image, plain, config)
        assert (expected.masks != plain.masks).any() == prediction.without_crf
        expected = refine(photo.image, expected, crf) if iterations else expected
        np.testing.assert_array_equal(prediction.masks, expected.masks)
        assert (prediction.unrefined is None) == (prediction.without_crf or iterations == 0)


def test_with_cues_few_photos_are_read_ahead():
    predictor = Colours(replace(CONFIG, saliency=5.0))
    stream = with_crf_processes(predictor, 1)(iter(photos(12)))
    for done in range(1, 6):
        next(stream)
        assert predictor.seen <= done + 3


def test_few_photos_are_read_ahead():
    predictor = Colours()
    stream = with_crf_processes(predictor, 1)(iter(photos(12)))
    for done in range(1, 6):
        next(stream)
        assert predictor.seen <= done + 2


def test_without_a_crf_nothing_is_read_ahead():
    predictor = Colours(InferenceConfig())
    stream = with_crf_processes(predictor)(iter(photos()))
    next(stream)
    assert predictor.seen == 1


# === Processes that die ===


class Deadly(np.ndarray):
    """An image that ends the process that receives it, as long as `path` holds as many letters as `deaths` or fewer."""

    def __reduce__(self):
        return receive, (np.asarray(self), self.path, self.deaths)


def receive(image, path, deaths):
    with Path(path).open("a+") as file:
        file.seek(0)
        if len(file.read()) < deaths:
            file.write("x")
            file.flush()
            os._exit(1)
    return image


def deadly(photo, path, deaths):
    image = photo.image.view(Deadly)
    image.path, image.deaths = str(path), deaths
    return photo._replace(image=image)


def test_a_photo_whose_process_dies_is_tried_again_and_others_suffer_nothing(tmp_path):
    given = photos()
    given[2] = deadly(given[2], tmp_path / "deaths", 1)
    survived, undisturbed = (list(with_crf_processes(Colours(), 2)(iter(batch))) for batch in (given, photos()))
    assert (tmp_path / "deaths").read_text() == "x"
    for (_, one), (_, other) in zip(survived, undisturbed, strict=True):
        np.testing.assert_array_equal(one.masks, other.masks)


def test_a_photo_that_kills_twice_is_named(tmp_path):
    given = photos()
    given[2] = deadly(given[2], tmp_path / "deaths", 9)
    with pytest.raises(UserError, match=r"^2: the CRF's process died twice on this photo"):
        list(with_crf_processes(Colours(), 2)(iter(given)))


def test_a_photo_the_predictor_refuses_is_named():
    config = InferenceConfig(classes="tags")
    with pytest.raises(UserError, match=r"^0: its tags are not known"):
        list(with_crf_processes(Colours(config))(iter(photos())))


def test_any_function_of_an_image_will_do():
    def blank(image):
        labels = np.zeros(image.shape[:2], np.uint8)
        return Prediction(labels, np.zeros(2, np.float32), np.eye(3, dtype=np.float32)[labels])

    results = list(one_by_one(blank)(iter(photos(3))))
    assert [(photo.name, prediction.labels.shape) for photo, prediction in results] == [
        ("0", (9, 12)),
        ("1", (10, 12)),
        ("2", (11, 12)),
    ]
