"""`--set data.mask_values=…` of the commands that open masks and have no config for them."""

from collections.abc import Mapping, Sequence

_KEY = "data.mask_values"


def split_off_mask_values(settings: Sequence[str]) -> tuple[Mapping[int, str] | None, list[str]]:
    """What `--set` says about masks' values, None if nothing, and the settings of other keys.

    Raises:
        UserError: it is not a mapping of values to names.
    """
    from wsfcn_tf.config import ExperimentConfig
    from wsfcn_tf.config.reading import override

    own = [setting for setting in settings if setting.partition("=")[0].strip() == _KEY]
    others = [setting for setting in settings if setting not in own]
    return override(ExperimentConfig(), own).data.mask_values, others
