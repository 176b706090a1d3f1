"""Context modules on the last feature."""

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.context.ablations import PPM, LargeKernel, NonLocal
from wsfcn_tf.models.context.aspp import ASPP
from wsfcn_tf.models.context.base import Context
from wsfcn_tf.models.context.fca import FCA
from wsfcn_tf.models.context.mclm import MCLM
from wsfcn_tf.models.context.paper_fca import PaperFCA


def build_context(config: ModelConfig) -> Context:
    """The layer that `config` asks for."""
    batch_statistics = config.from_scratch if config.context_norm is None else config.context_norm == "batch"
    common = {
        "dropout": 0.5 if config.dropout else 0.0,
        "batch_statistics": batch_statistics,
        "name": "context",
    }
    width = config.decoder_width
    if config.context in ("fca", "mclm") and config.context_form == "paper":
        return PaperFCA(width, reweighting=config.context == "fca", **common)
    if config.context == "fca":
        return FCA(width, config.dilations, **common)
    if config.context == "mclm":
        return MCLM(width, config.dilations, **common)
    if config.context == "aspp":
        return ASPP(width, config.dilations[1:], **common)
    return {"non_local": NonLocal, "large_kernel": LargeKernel, "ppm": PPM}[config.context](width, **common)
