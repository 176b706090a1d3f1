"""From an encoded photo to its pixels inside a graph, as `wsfcn_tf.data.images.read_image` does it outside."""

import tensorflow as tf

from wsfcn_tf.serving.exif import upright
from wsfcn_tf.serving.header import JPEG, PNG, Header, read_header
from wsfcn_tf.serving.limits import Limits
from wsfcn_tf.serving.raw_bytes import bytes_of


def decode_photo(text: tf.Tensor, index: tf.Tensor, limits: Limits) -> tf.Tensor:
    """Decodes a JPEG or PNG; greyscale, palette and CMYK become RGB, alpha is dropped, EXIF's orientation is applied.

    Nothing is decoded before the header's size is known to be within the limits.

    Args:
        text: string scalar, the file's bytes.
        index: int32 scalar, the photo's place in the batch, for error messages.
        limits: what is refused.

    Returns:
        uint8 [H, W, 3].

    Raises:
        tf.errors.InvalidArgumentError: when run: "image 3 of the batch: …" for what the header tells, else the
            decoder's own message.
    """
    size = tf.strings.length(text)
    with tf.control_dependencies(
        [
            require(size > 0, index, "the file is empty"),
            require(size <= limits.bytes, index, "it has", size, f"bytes, more than {limits.bytes} (max_bytes)"),
        ]
    ):
        header = read_header(bytes_of(tf.identity(text)))
    with tf.control_dependencies(_checks(header, index, limits)):
        text = tf.identity(text)
    image = tf.cond(
        header.kind == JPEG,
        # the decoder that OpenCV has, too; TensorFlow's default is a faster approximation
        lambda: tf.io.decode_jpeg(text, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_png(text, channels=3),
    )
    return upright(image, header.orientation)


def _checks(header: Header, index: tf.Tensor, limits: Limits) -> list[tf.Operation]:
    height, width = header.height, header.width
    is_photo = (header.kind == JPEG) | (header.kind == PNG)
    name = tf.where(header.kind == "", "not an image", header.kind)
    return [
        require(is_photo, index, "it is", name, "and has to be JPEG or PNG"),
        # sides below 2^32, so that their product is within int64
        require(
            ~is_photo | ((height > 0) & (width > 0)),
            index,
            "its header is broken: there is no size in it",
        ),
        require(
            tf.maximum(height, width) <= limits.side,
            index,
            *("it is", height, "x", width, f"pixels, with a side above {limits.side} (max_side)"),
        ),
        require(
            height * width <= limits.pixels,
            index,
            *("it is", height, "x", width, f"pixels, more than {limits.pixels} (max_pixels)"),
        ),
        require(header.complete, index, "the file is cut short"),
    ]


def require(condition: tf.Tensor, index: tf.Tensor, *words: tf.Tensor | str) -> tf.Operation:
    """An error that says "image INDEX of the batch: WORDS" where `condition` is not met; counted from 0."""
    texts = [word if isinstance(word, str) or word.dtype == tf.string else tf.strings.as_string(word) for word in words]
    message = tf.strings.join(
        [
            tf.strings.join(["image ", tf.strings.as_string(index), " of the batch: "]),
            tf.strings.join(texts, separator=" "),
        ]
    )
    return tf.debugging.Assert(condition, [message])
