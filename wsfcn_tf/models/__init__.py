"""The networks and their parts: Keras layers with names of their own, registered and serialisable."""

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.cam import CAMClassifier
from wsfcn_tf.models.ensemble import Ensemble, kind_of
from wsfcn_tf.models.network import Network
from wsfcn_tf.models.wsfcn import WSFCN

__all__ = ["WSFCN", "CAMClassifier", "Ensemble", "ModelConfig", "Network", "build_model"]


def build_model(config: ModelConfig) -> Network:
    """A network with fresh weights (seed them with `keras.utils.set_random_seed`), ready to call, load and train.

    A backbone of KerasHub has its preset's weights, unless `config.preset_config` says already what it is made of.

    Args:
        config: the network's settings; `num_classes` must be set.

    Returns:
        The model; see `WSFCN.call` and `CAMClassifier.call` for what it takes and gives, and `Ensemble` for several.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
        UserError: `config.preset` cannot be had, or KerasHub cannot.
    """
    if config.networks > 1:
        model = Ensemble(config, name="ensemble")
    else:
        model = kind_of(config)(config, name="cam" if config.head == "cam" else "wsfcn")
    model.build((None, None, None, 3))
    if config.preset is not None and config.preset_config is None:
        for member in model.members():
            member.backbone.load_preset(config.preset)
    return model
