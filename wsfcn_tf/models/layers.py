"""The small layers that all networks here are made of.

Randomness is explicit: a layer that draws takes `seed`, an int32 [2] tensor, and mixes its own name into it. With the
same seed it draws the same numbers in eager mode, in a graph, on any replica, and on both Keras generations.
"""

import inspect
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.ops import dilated_conv2d

# Arguments that are Keras' own matter, on either generation.
_OF_KERAS = frozenset(("self", "name", "dtype", "trainable", "autocast", "dynamic", "activity_regularizer"))

register = keras.saving.register_keras_serializable(package="wsfcn_tf")


def he_normal() -> keras.initializers.Initializer:
    """The release's initialisation of new convolutions: He-normal over fan-in, not truncated."""
    return keras.initializers.VarianceScaling(scale=2.0, mode="fan_in", distribution="untruncated_normal")


def torch_uniform() -> keras.initializers.Initializer:
    """PyTorch's default of a convolution: uniform within +-sqrt(1 / fan_in)."""
    return keras.initializers.VarianceScaling(scale=1.0 / 3.0, mode="fan_in", distribution="uniform")


def conv(filters: int, kernel: int, stride: int = 1, **kwargs: Any) -> keras.layers.Conv2D:
    """A convolution without bias (unless `use_bias=True`), He-normal, padded by (kernel - 1) / 2 where stride is 1.

    With a stride, pad before it: Keras' "same" pads even sides on the far edge only, the release on every edge.
    """
    padding = "same" if stride == 1 else "valid"
    kwargs = {"use_bias": False, "kernel_initializer": he_normal(), "padding": padding, **kwargs}
    dilated = stride == 1 and kwargs.get("dilation_rate", 1) > 1
    return (DilatedConv2D if dilated else keras.layers.Conv2D)(filters, kernel, stride, **kwargs)


class Layer(keras.layers.Layer):
    """A layer whose configuration is what its constructor was called with.

    Attributes:
        settings: these arguments, {name: value}, defaults included.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> "Layer":
        """Notes the arguments."""
        layer = super().__new__(cls, *args, **kwargs)
        bound = inspect.signature(cls.__init__).bind_partial(layer, *args, **kwargs)  # `copy` gives none
        bound.apply_defaults()
        arguments = bound.arguments.pop("kwargs", {}) | bound.arguments
        settings = {name: value for name, value in arguments.items() if name not in _OF_KERAS}
        object.__setattr__(layer, "settings", settings)  # which is no state for Keras to track
        return layer

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        settings = {name: list(value) if isinstance(value, tuple) else value for name, value in self.settings.items()}
        return {**settings, **super().get_config()}


def sublayers(layer: keras.layers.Layer, seen: set[int] | None = None) -> Iterator[keras.layers.Layer]:
    """Every layer that a layer holds, by attribute or in a list, at any depth; each once."""
    seen = {id(layer)} if seen is None else seen
    for value in list(vars(layer).values()):
        for held in list(value) if isinstance(value, list | tuple) else [value]:
            if isinstance(held, keras.layers.Layer) and id(held) not in seen:
                seen.add(id(held))
                yield held
                yield from sublayers(held, seen)


def norms(layer: keras.layers.Layer) -> Iterator[keras.layers.BatchNormalization]:
    """Every BatchNorm that a built layer holds, at any depth."""
    return (held for held in sublayers(layer) if isinstance(held, keras.layers.BatchNormalization))


def synchronise_norms(layer: keras.layers.Layer) -> None:
    """Lets every BatchNorm of a built layer that takes the batch's statistics take the global batch's.

    What `BatchNormalization(synchronized=True)` sets. Here it is set once they are built, so that no layer in between
    has to hand it on. It may not be used in a `tf.while_loop` or a nested `tf.function`: replicas meet at each of them.
    """
    for norm in norms(layer):
        norm.synchronized = True
        norm.fused = False  # Keras 2: its fused kernel sees one device's share


@register
class DilatedConv2D(keras.layers.Conv2D):
    """Keras' Conv2D with stride 1, "same" padding and one dilation for both axes, by `dilated_conv2d`."""

    def convolution_op(self, inputs: tf.Tensor, kernel: Any) -> tf.Tensor:
        """Keras' hook: [B, H, W, C] -> [B, H, W, filters], before bias and activation."""
        kernel = tf.cast(tf.convert_to_tensor(kernel), inputs.dtype)
        return dilated_conv2d(inputs, kernel, self.dilation_rate[0])


@register
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer. Frozen, it keeps none of its input for backpropagation: its gradient is a factor a channel.

    Its own weights have no gradient then. With a tensor as `training`, or another axis, all is as in Keras.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None, **kwargs: Any) -> tf.Tensor:
        """Keras' hook: [B, H, W, C] -> the same shape."""
        channels_last = self.axis in (-1, [inputs.shape.rank - 1])
        if self.trainable or training is not True or not channels_last:
            return super().call(inputs, training=training, **kwargs)
        slope = tf.math.rsqrt(tf.convert_to_tensor(self.moving_variance) + self.epsilon)
        if self.scale:
            slope *= tf.convert_to_tensor(self.gamma)
        outputs = super().call(tf.stop_gradient(inputs), training=False, **kwargs)
        return _with_slope(inputs, tf.stop_gradient(outputs), tf.stop_gradient(slope))


@tf.custom_gradient
def _with_slope(inputs: tf.Tensor, outputs: tf.Tensor, slope: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """`outputs`, whose gradient to `inputs` [..., C] is the slope [C], in the slope's precision."""

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, None, None]:
        return tf.cast(tf.cast(upstream, slope.dtype) * slope, inputs.dtype), None, None

    return tf.identity(outputs), gradient


def batch_norm(momentum: float = 0.9, epsilon: float = 1e-5, **kwargs: Any) -> BatchNormalization:
    """BatchNorm, by default with the release's constants (torch's momentum 0.1 is Keras' 0.9)."""
    return BatchNormalization(momentum=momentum, epsilon=epsilon, **kwargs)


@register
class ConvNormReLU(Layer):
    """Convolution, BatchNorm, ReLU.

    Args:
        filters: output channels.
        kernel: side of the convolution.
        use_bias: whether the convolution has a bias.
    """

    def __init__(self, filters: int, kernel: int, use_bias: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.conv = conv(filters, kernel, use_bias=use_bias)
        self.bn = batch_norm()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.conv.build(input_shape)
        self.bn.build((*input_shape[:-1], self.filters))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters], not negative; `training` takes the batch's statistics."""
        return tf.nn.relu(self.bn(self.conv(inputs), training=training))


@register
class SeededDropout(Layer):
    """Dropout as a pure function of its input, its name and a seed.

    Args:
        rate: share of what is dropped, in [0, 1).
        spatial: drop whole channels of an image rather than single elements.
    """

    def __init__(self, rate: float, spatial: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.spatial = rate, spatial

    def call(self, inputs: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tf.Tensor:
        """Same shape; where training, scaled by 1 / (1 - rate) so that the mean stays."""
        if not training or self.rate == 0.0:
            return inputs
        shape = tf.shape(inputs)
        if self.spatial:
            shape = tf.stack([shape[0], 1, 1, shape[3]])
        keep = uniform(shape, self.name, seed) >= self.rate
        return inputs * tf.cast(keep, inputs.dtype) / (1.0 - self.rate)


def uniform(shape: tf.Tensor, name: str, seed: tf.Tensor | None) -> tf.Tensor:
    """Uniform float32 numbers in [0, 1).

    Args:
        shape: int32 [rank].
        name: tells this draw from others with the same seed.
        seed: int32 [2]; None draws from TensorFlow's global generator (`tf.random.set_seed`).

    Returns:
        float32 of that shape.
    """
    if seed is None:
        return tf.random.uniform(shape)
    seed = tf.random.experimental.stateless_fold_in(seed, zlib.crc32(name.encode()) & 0x7FFFFFFF, alg="philox")
    return tf.random.stateless_uniform(shape, seed, alg="philox")
