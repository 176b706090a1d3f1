"""LoRA (arXiv 2106.09685) by Keras' `enable_lora`: a network stays as it is but for additions of low rank."""

from typing import Any

import keras

from wsfcn_tf.errors import UserError
from wsfcn_tf.models.layers import sublayers

# Queries and values, as in the paper, by the names that KerasHub's vision transformers give them.
_NAMES = ["query", "value", "q_proj", "v_proj"]


def enable_lora(network: keras.Model, rank: int) -> None:
    """Lets nothing of a built network be trained but additions to its attentions' queries and values.

    Raises:
        UserError: it has no such attentions.
    """
    network.enable_lora(rank, target_layer_names=_NAMES)
    changed = [layer for layer in sublayers(network) if getattr(layer, "lora_enabled", False)]
    if not changed:
        raise UserError(f"model.lora_rank: {type(network).__name__} has no attentions that LoRA is known for")
    for layer in changed:
        if layer.bias is not None:
            layer.bias.trainable = False  # as in the paper; Keras goes on with it
        _save_as_it_is(layer)


def _save_as_it_is(layer: keras.layers.Layer) -> None:
    """Lets files hold kernel and addition apart.

    Keras saves their sum, and loads an addition of zeros, both factors, from which no gradient leads away.
    """
    names = ["_kernel", "bias", "lora_kernel_a", "lora_kernel_b"]
    variables = {name: getattr(layer, name) for name in names if getattr(layer, name, None) is not None}

    def save(store: Any) -> None:
        for name, variable in variables.items():
            store[name.strip("_")] = variable

    def load(store: Any) -> None:
        for name, variable in variables.items():
            variable.assign(store[name.strip("_")])

    layer.save_own_variables, layer.load_own_variables = save, load
