"""The optimiser of a training: which one, and the release's four parameter groups."""

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.models import Network
from wsfcn_tf.training.grouped_optimizers import Grouped, GroupedAdamW, GroupedSGD
from wsfcn_tf.training.schedule import build_schedule


def build_optimizer(model: Network, config: TrainingConfig, steps_per_epoch: int | None = None) -> Grouped:
    """The optimiser for a model's trainable variables.

    Biases and BatchNorm shifts take the bias multipliers and no decay; kernels and BatchNorm scales take the others.

    Args:
        model: built.
        config: optimiser, rates, multipliers, momentum, decay, schedule, average, precision.
        steps_per_epoch: needed where the schedule is not the constant one.

    Returns:
        The optimiser, built: its slots exist and can be restored.

    Raises:
        ValueError: `steps_per_epoch` is None and needed.
    """
    backbones = [member.backbone for member in model.members()]
    of_backbones = {id(variable) for backbone in backbones for variable in backbone.trainable_variables}
    multipliers, decays = [], []
    for variable in model.trainable_variables:
        is_bias = variable.name.split("/")[-1].split(":")[0] in ("bias", "beta")
        if id(variable) in of_backbones:
            multipliers.append(config.backbone_bias_multiplier if is_bias else 1.0)
        else:
            multipliers.append(config.new_bias_multiplier if is_bias else config.new_weight_multiplier)
        decays.append(0.0 if is_bias else config.weight_decay)
    options = {"use_ema": True, "ema_momentum": config.ema} if config.ema else {}
    if config.optimizer == "adamw":
        options["beta_2"] = config.beta_2
    optimizer = (GroupedAdamW if config.optimizer == "adamw" else GroupedSGD)(
        config.learning_rate,
        config.momentum,
        multipliers,
        decays,
        build_schedule(config, steps_per_epoch),
        loss_scaling=config.precision == "float16",
        **options,
    )
    optimizer.build(model.trainable_variables)
    return optimizer
