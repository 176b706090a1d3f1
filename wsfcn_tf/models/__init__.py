"""The network and its parts: Keras layers with names of their own, registered and serialisable."""

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.wsfcn import WSFCN, build_model

__all__ = ["WSFCN", "ModelConfig", "build_model"]
