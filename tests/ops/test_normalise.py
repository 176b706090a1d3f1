import numpy as np
import tensorflow as tf

from wsfcn_tf.ops.normalise import denormalise, normalise

RED_AND_GREY = np.array([[[1.0, 0.0, 0.0], [0.5, 0.5, 0.5]]], np.float32)


def test_values_are_those_of_torchvision():
    expected = [[[(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], [0.015 / 0.229, 0.044 / 0.224, 0.094 / 0.225]]]
    np.testing.assert_allclose(normalise(RED_AND_GREY), expected, rtol=1e-5)


def test_arrays_and_tensors_agree_and_stay_float32():
    of_array, of_tensor = normalise(RED_AND_GREY), normalise(tf.constant(RED_AND_GREY))
    assert of_array.dtype == np.float32
    np.testing.assert_array_equal(of_array, of_tensor.numpy())


def test_denormalise_is_the_inverse():
    np.testing.assert_allclose(denormalise(normalise(RED_AND_GREY)), RED_AND_GREY, atol=1e-6)
