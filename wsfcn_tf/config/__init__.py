"""What an experiment is: its sections, frozen, with every key's type, default, range and meaning."""

from wsfcn_tf.config.data import DataConfig, ScenesConfig
from wsfcn_tf.config.experiment import ExperimentConfig
from wsfcn_tf.config.inference import CRFConfig, InferenceConfig
from wsfcn_tf.config.model import ModelConfig
from wsfcn_tf.config.training import SelfSupervisionConfig, TrainingConfig

__all__ = [
    "CRFConfig",
    "DataConfig",
    "ExperimentConfig",
    "InferenceConfig",
    "ModelConfig",
    "ScenesConfig",
    "SelfSupervisionConfig",
    "TrainingConfig",
]
