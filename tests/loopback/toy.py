"""A SavedModel with an exported network's signatures that can be computed by hand: red is a cat, green is a dog."""

import io

import numpy as np
import tensorflow as tf
from PIL import Image

CLASSES = ("cat", "dog")


class Toy(tf.Module):
    """Class 1 where red is above 127, else 2 where green is; scores are the shares of such pixels."""

    def _masks(self, images):
        levels = tf.cast(images, tf.float32) / 255.0
        cat = tf.cast(levels[..., 0] > 0.5, tf.float32)
        dog = tf.cast(levels[..., 1] > 0.5, tf.float32) * (1 - cat)
        return tf.stack([1 - cat - dog, cat, dog], axis=-1), tf.reduce_mean(tf.stack([cat, dog], -1), axis=[1, 2])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def photos(self, image_bytes):
        """`serving_default`."""

        def one(data):
            image = tf.io.decode_image(data, 3, expand_animations=False)
            image = tf.ensure_shape(image, [None, None, 3])
            masks, scores = self._masks(image[None])
            labels = tf.argmax(masks[0], axis=-1, output_type=tf.int32)
            found = tf.math.bincount(tf.reshape(labels, [-1]), minlength=3)[1:] > 0
            names = tf.strings.reduce_join(tf.boolean_mask(tf.constant(CLASSES), found), separator=";")
            return tf.io.encode_png(tf.cast(labels, tf.uint8)[..., None]), names, scores[0]

        spec = (tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.string), tf.TensorSpec([2], tf.float32))
        masks, names, scores = tf.map_fn(one, image_bytes, fn_output_signature=spec)
        return {"mask_bytes": masks, "labels": names, "scores": scores}

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
    def predict_array(self, images):
        """The signature of this name."""
        masks, scores = self._masks(images)
        return {"labels": tf.cast(tf.argmax(masks, axis=-1), tf.uint8), "scores": scores}

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
    def probabilities(self, images):
        """The signature of this name."""
        masks, scores = self._masks(images)
        return {"masks": masks, "scores": scores}


def save_toy(folder):
    """Writes the model."""
    toy = Toy()
    signatures = {"serving_default": toy.photos, "predict_array": toy.predict_array, "probabilities": toy.probabilities}
    tf.saved_model.save(toy, str(folder), signatures=signatures)


def expected(image):
    """(labels, scores) that the toy has for a photo, uint8 RGB [H, W, 3]."""
    cat = image[..., 0] > 127
    dog = (image[..., 1] > 127) & ~cat
    return np.uint8(cat + 2 * dog), np.float32([cat.mean(), dog.mean()])


def photo(seed, height=12, width=16):
    """A noise photo."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def png(image):
    """A photo as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def check(results, images):
    """That predictions are those of the toy."""
    assert len(results) == len(images)
    for result, image in zip(results, images):
        labels, scores = expected(image)
        np.testing.assert_array_equal(result.labels, labels)
        np.testing.assert_allclose(result.scores, scores, rtol=1e-6)
        assert (result.labels.dtype, result.scores.dtype) == (np.uint8, np.float32)
