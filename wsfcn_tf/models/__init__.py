"""The networks and their parts: Keras layers with names of their own, registered and serialisable."""

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.cam import CAMClassifier
from wsfcn_tf.models.network import Network
from wsfcn_tf.models.wsfcn import WSFCN

__all__ = ["WSFCN", "CAMClassifier", "ModelConfig", "Network", "build_model"]


def build_model(config: ModelConfig) -> Network:
    """A network with fresh weights (seed them with `keras.utils.set_random_seed`), ready to call, load and train.

    A backbone of KerasHub has its preset's weights, unless `config.preset_config` says already what it is made of.

    Args:
        config: the network's settings; `num_classes` must be set.

    Returns:
        The model; see `WSFCN.call` and `CAMClassifier.call` for what it takes and gives.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
        UserError: `config.preset` cannot be had, or KerasHub cannot.
    """
    model = CAMClassifier(config, name="cam") if config.head == "cam" else WSFCN(config, name="wsfcn")
    model.build((None, None, None, 3))
    if config.preset is not None and config.preset_config is None:
        model.backbone.load_preset(config.preset)
    return model
