"""Fusions of the shallow and the deep feature."""

import keras

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.fusion.elementwise import ElementwiseFusion
from wsfcn_tf.models.fusion.gci import GCI
from wsfcn_tf.models.fusion.paper_sf2 import PaperSF2
from wsfcn_tf.models.fusion.sf2 import SF2


def build_fusion(config: ModelConfig) -> keras.layers.Layer:
    """The layer that `config` asks for: call([low, high], training) -> (shallow, deep), both at low's resolution."""
    if config.fusion == "sf2":
        return (PaperSF2 if config.fusion_form == "paper" else SF2)(config.decoder_width, name="fusion")
    if config.fusion == "gci":
        return GCI(config.decoder_width, name="fusion")
    return ElementwiseFusion(config.decoder_width, config.fusion, name="fusion")
