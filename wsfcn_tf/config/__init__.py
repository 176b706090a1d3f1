"""What an experiment is: its sections, frozen, with every key's type, default, range and meaning."""

from wsfcn_tf.config.schema import (
    CRFConfig,
    DataConfig,
    ExperimentConfig,
    InferenceConfig,
    ModelConfig,
    ScenesConfig,
    SelfSupervisionConfig,
    TrainingConfig,
)

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
