"""Training from tags: objective, optimiser, loop, checkpoints."""

from wsfcn_tf.objective.objective import Objective
from wsfcn_tf.training.callbacks import LossSwitch
from wsfcn_tf.training.experiment import continue_from
from wsfcn_tf.training.optimizer import build_optimizer
from wsfcn_tf.training.trainer import train

__all__ = ["LossSwitch", "Objective", "build_optimizer", "continue_from", "train"]
