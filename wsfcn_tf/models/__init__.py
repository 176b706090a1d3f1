"""The networks and their parts: Keras layers with names of their own, registered and serialisable."""

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.building import build_model
from wsfcn_tf.models.cam import CAMClassifier
from wsfcn_tf.models.network import Network
from wsfcn_tf.models.wsfcn import WSFCN

__all__ = ["WSFCN", "CAMClassifier", "ModelConfig", "Network", "build_model"]
