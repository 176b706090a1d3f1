"""The BatchNorms of a network, however deep they lie, and their statistics over several devices."""

from collections.abc import Iterator

import keras


def norms(layer: keras.layers.Layer) -> Iterator[keras.layers.BatchNormalization]:
    """Every BatchNorm that a built layer holds, by attribute and at any depth."""
    for held in list(vars(layer).values()):
        if isinstance(held, keras.layers.BatchNormalization):
            yield held
        elif isinstance(held, keras.layers.Layer):
            yield from norms(held)


def synchronise_norms(layer: keras.layers.Layer) -> None:
    """Lets every BatchNorm of a built layer that takes the batch's statistics take the global batch's.

    What `BatchNormalization(synchronized=True)` sets. Here it is set once they are built, so that no layer in between
    has to hand it on. It may not be used in a `tf.while_loop` or a nested `tf.function`: replicas meet at each of them.
    """
    for norm in norms(layer):
        norm.synchronized = True
        norm.fused = False  # Keras 2: its fused kernel sees one device's share
