import numpy as np
import pytest
import tensorflow as tf
from golden import recipe
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from networks import graph
from oracles.pamr import pamr_reference

from wsfcn_tf.ops import pamr, pamr_tagged

SMALL = {"iterations": 3, "dilations": (1, 2)}  # compiles fast


def softmax(logits):
    shares = np.exp(logits)
    return (shares / shares.sum(-1, keepdims=True)).astype(np.float32)


def example(rng, size, mask_size, channels, batch=1):
    images = rng.random((batch, *size, 3), np.float32)
    return images, softmax(3 * rng.standard_normal((batch, *mask_size, channels)))


def test_golden():
    arrays = recipe.load("pamr")
    outputs = {key: value for key, value in arrays.items() if key.startswith("out_")}
    assert len(outputs) == 3
    for key, expected in outputs.items():
        iterations, *dilations = map(int, key.split("_")[1:])
        recipe.assert_close(pamr(arrays["image"], arrays["mask"], iterations, tuple(dilations)), expected)


# === Against the release's formulation ===


@pytest.mark.parametrize(
    ("batch", "size", "mask_size", "channels"),
    [
        pytest.param(2, (33, 52), (9, 13), 4, id="wider than high"),
        pytest.param(1, (52, 33), (52, 33), 1, id="one channel"),
        pytest.param(1, (9, 31), (5, 16), 3, id="smaller than the largest dilation"),
        pytest.param(1, (1, 6), (1, 6), 2, id="one row"),
    ],
)
def test_equals_the_release(rng, batch, size, mask_size, channels):
    images, masks = example(rng, size, mask_size, channels, batch)
    np.testing.assert_allclose(pamr(images, masks), pamr_reference(images, masks), atol=1e-5, rtol=0)


def test_equals_the_release_on_flat_images(rng):
    images, masks = example(rng, (30, 26), (15, 13), 2, batch=3)
    images[0] = 0.3
    images[1, :, 13:] = images[1, 0, 0]  # flat on one side, noise on the other
    images[2, ..., 1:] = 0.7  # flat in two colours
    np.testing.assert_allclose(pamr(images, masks), pamr_reference(images, masks), atol=1e-5, rtol=0)


def test_a_flat_image_is_a_plain_average(rng):
    _, masks = example(rng, (7, 7), (7, 7), 1)
    refined = np.asarray(pamr(np.full((1, 7, 7, 3), 0.4, np.float32), masks, 1, (1,)))
    window = masks[0, 2:5, 2:5, 0]
    np.testing.assert_allclose(refined[0, 3, 3, 0], (window.sum() - window[1, 1]) / 8, rtol=1e-5)


# === Tagged channels only ===


@pytest.mark.parametrize(
    ("tags", "max_tags"),
    [
        pytest.param([[0, 0, 0], [0, 1, 0], [1, 0, 1]], 2, id="none to two"),
        pytest.param([[0, 1, 0], [1, 1, 1], [1, 0, 0]], 7, id="more allowed than there are classes"),
        pytest.param([[0, 0, 0], [0, 0, 0], [0, 0, 0]], 0, id="none at all"),
    ],
)
def test_tagged_channels_are_as_in_the_whole(rng, tags, max_tags):
    images, masks = example(rng, (12, 9), (6, 5), 1 + 3, batch=3)
    tagged = np.asarray(pamr_tagged(images, masks, np.float32(tags), max_tags, **SMALL))
    wanted = np.concatenate([np.ones((3, 1), bool), np.array(tags, bool)], axis=1)[:, None, None]
    expected = np.where(wanted, pamr(images, masks, **SMALL), 0)
    np.testing.assert_allclose(tagged, expected, atol=1e-6, rtol=0)
    assert not tagged[~np.broadcast_to(wanted, tagged.shape)].any()


# === Properties ===


def test_channels_do_not_mix(rng):
    images, masks = example(rng, (12, 9), (6, 5), 1 + 3, batch=3)
    before = np.asarray(pamr(images, masks, **SMALL))
    masks[..., 0], masks[..., 3] = np.nan, 1e30
    np.testing.assert_array_equal(pamr(images, masks, **SMALL)[..., 1:3], before[..., 1:3])


images_ = hnp.arrays(np.float32, (1, 6, 7, 3), elements=st.floats(0, 1, width=32))
masks_ = hnp.arrays(np.float32, (1, 6, 7, 2), elements=st.floats(0, 1, width=32))


@given(images=images_, masks=masks_)
@settings(max_examples=40)
def test_is_an_average(images, masks):
    refined = np.asarray(pamr(images, masks, **SMALL))
    for channel in range(2):
        assert refined[..., channel].min() >= masks[..., channel].min() - 1e-5
        assert refined[..., channel].max() <= masks[..., channel].max() + 1e-5


@given(images=images_, values=hnp.arrays(np.float32, 2, elements=st.floats(0, 1, width=32)))
@settings(max_examples=40)
def test_constant_masks_are_fixed_points(images, values):
    masks = np.broadcast_to(values, (1, 6, 7, 2))
    np.testing.assert_allclose(pamr(images, masks, **SMALL), masks, atol=1e-5, rtol=0)


def test_follows_the_images_borders():
    image = np.zeros((1, 16, 16, 3), np.float32)
    image[:, :, 8:] = 1
    masks = np.full((1, 16, 16, 1), 0.2, np.float32)
    masks[:, :, 10:] = 0.8  # two columns beyond the border
    refined = np.asarray(pamr(image, masks, 10, (1, 2)))[0, :, :, 0]
    assert refined[:, 7].max() < 0.3 < 0.5 < refined[:, 8].min()


@pytest.mark.parametrize("function", [lambda f: f, graph], ids=["eager", "graph"])
def test_no_gradient(rng, function):
    images, masks = map(tf.constant, example(rng, (12, 9), (6, 5), 1 + 3, batch=3))

    @function
    def gradients():
        with tf.GradientTape() as tape:
            tape.watch([images, masks])
            total = tf.reduce_sum(masks) + tf.reduce_sum(pamr(images, masks, **SMALL) ** 2)
        return tape.gradient(total, [images, masks], unconnected_gradients="zero")

    of_images, of_masks = gradients()
    np.testing.assert_array_equal(of_images, np.zeros_like(images))
    np.testing.assert_array_equal(of_masks, np.ones_like(masks))  # of the first sum


def test_eager_graph_and_xla_agree(rng):
    images, masks = example(rng, (12, 9), (6, 5), 1 + 3, batch=3)
    compiled = pamr(images, masks, **SMALL)
    traced = graph(lambda images, masks: pamr(images, masks, **SMALL))(images, masks)
    tf.config.run_functions_eagerly(True)
    try:
        eager = pamr(images, masks, **SMALL)
    finally:
        tf.config.run_functions_eagerly(False)
    np.testing.assert_allclose(compiled, eager, atol=1e-6, rtol=0)
    np.testing.assert_allclose(traced, eager, atol=1e-6, rtol=0)
