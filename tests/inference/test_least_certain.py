from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from memory_photos import make_photo

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.least_certain import Measured, describe_ranking, rank, views_of, write_ranking
from wsfcn_tf.inference.photos import Job, named_photos
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.uncertainty import uncertainty

CLASSES = ("cat", "dog")


class Lopsided(keras.Model):
    """A network that favours the second class on the right, so that a mirror image has another mask."""

    def call(self, images, training=None):
        ramp = tf.linspace(0.0, 1.0, tf.shape(images)[2])[None, None, :, None] * tf.constant([0.0, 0.0, 1.0])
        masks = tf.nn.softmax(images + ramp)
        return {"masks": masks, "scores": tf.reduce_max(masks, axis=(1, 2))[:, 1:]}


def photo(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (9, 13, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("scales", "flip", "count"), [((1.0,), False, 2), ((1.0,), True, 2), ((1.0, 0.5), False, 2), ((1.0, 0.5), True, 4)]
)
def test_views_are_those_whose_mean_is_the_prediction(scales, flip, count):
    config = InferenceConfig(scales=scales, flip=flip)
    views = list(views_of(Lopsided(), config)(photo()))
    assert len(views) == count
    if flip or len(scales) > 1:
        expected = Predictor(Lopsided(), config).mean_of_views(photo()).masks
        np.testing.assert_allclose(np.mean(views, axis=0), expected, atol=1e-5)


def test_one_view_is_compared_with_its_mirror_image():
    straight, mirrored = views_of(Lopsided(), InferenceConfig())(photo())
    single = Predictor(Lopsided(), InferenceConfig())
    np.testing.assert_allclose(straight, single.mean_of_views(photo()).masks, atol=1e-6)
    np.testing.assert_allclose(mirrored[:, ::-1], single.mean_of_views(photo()[:, ::-1]).masks, atol=1e-6)
    assert uncertainty([straight, mirrored]).disagreement > 0.001


def views(image):
    """Of a photo of value v: cats, as sure as v is bright."""
    if image[0, 0, 0] == 7:
        raise UserError("too large")
    share = 0.5 + image[..., :1] / 510
    yield np.concatenate([1 - share, share, np.zeros_like(share)], axis=-1)


def job(tmp_path, name, value):
    return Job(tmp_path / f"{name}.png", name, partial(np.full, (2, 3, 3), value, np.uint8))


def test_the_least_certain_come_first(tmp_path):
    jobs = [job(tmp_path, name, value) for name, value in (("sure", 255), ("unsure", 0), ("rather", 200), ("same", 0))]
    ranked, unreadable = rank(views, jobs, Measured(tmp_path, resume=False))
    assert [one.job.name for one in ranked] == ["unsure", "same", "rather", "sure"] and unreadable == []
    assert write_ranking(tmp_path, ranked, CLASSES).read_text().splitlines() == [
        "photo,uncertainty,entropy,disagreement,class",
        "unsure,0.6309,0.6309,0.0000,cat",  # log 2 / log 3
        "same,0.6309,0.6309,0.0000,cat",
        f"rather,{ranked[2].uncertainty.total:.4f},{ranked[2].uncertainty.total:.4f},0.0000,cat",
        "sure,0.0000,0.0000,0.0000,",
    ]
    told = describe_ranking(ranked, CLASSES)
    assert told.startswith("unsure 0.63 (cat), same 0.63 (cat), rather ") and told.endswith(", sure 0.00")
    assert describe_ranking([*ranked, *ranked], CLASSES).endswith(" and 3 more")


def test_photos_that_cannot_be_read_or_are_refused_are_named(tmp_path):
    broken = make_photo(tmp_path / "in" / "broken.jpg")
    broken.write_bytes(b"")
    jobs = [*named_photos([broken], tmp_path / "out"), job(tmp_path, "refused", 7), job(tmp_path, "good", 9)]
    ranked, unreadable = rank(views, jobs, Measured(tmp_path, resume=False))
    assert [one.job.name for one in ranked] == ["good"]
    assert unreadable[0].startswith(f"{broken}: the image file is empty") and unreadable[1] == "refused: too large"


def test_an_interrupted_ranking_goes_on(tmp_path):
    jobs = [job(tmp_path, name, value) for name, value in (("sure", 255), ("unsure", 0), ("rather", 200), ("same", 0))]
    seen = []

    def interrupted(image):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(int(image[0, 0, 0]))
        return views(image)

    with pytest.raises(KeyboardInterrupt):
        rank(interrupted, jobs, Measured(tmp_path, resume=False))
    again = []

    def counting(image):
        again.append(int(image[0, 0, 0]))
        return views(image)

    ranked, _ = rank(counting, jobs, Measured(tmp_path, resume=True))
    assert sorted(seen + again) == [0, 0, 200, 255] and len(again) == 2
    assert [one.job.name for one in ranked] == ["unsure", "same", "rather", "sure"]
    again.clear()
    anew, _ = rank(counting, jobs, Measured(tmp_path, resume=False))
    assert anew == ranked and len(again) == 4  # without --resume, photos and network may be others
