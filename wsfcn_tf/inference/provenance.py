"""How the thresholds of a result were chosen, in the words that every output carries."""

from wsfcn_tf.config import CRFConfig, InferenceConfig

_NOTES = {
    "tags": "chosen without masks",
    "masks": "CHOSEN WITH MASKS: not comparable with results that have used tags alone",
}


def thresholds_note(config: InferenceConfig) -> str:
    """What to say of a config's thresholds: the release's, or how they were chosen, or that it was not said."""
    if config.thresholds is not None:
        return _NOTES[config.thresholds]
    if _is_release(config):
        return "the release's"
    return "not the release's, and inference.thresholds does not say how they were chosen"


def _is_release(config: InferenceConfig) -> bool:
    constant = config.background == "constant" and config.background_value == InferenceConfig().background_value
    power = config.background == "power" and config.background_value == 3
    presence = config.classes == "tags" or config.presence_threshold == InferenceConfig().presence_threshold
    return (constant or power or config.background == "none") and presence and _is_release_crf(config.crf)


def _is_release_crf(crf: CRFConfig) -> bool:
    """WS-FCN's, or SSSS's, which reaches further and takes the masks as they are; or none."""
    ssss = CRFConfig(iterations=10, background_power=0, bilateral_sxy=80)
    return crf.iterations == 0 or crf in (CRFConfig(iterations=10), ssss)
