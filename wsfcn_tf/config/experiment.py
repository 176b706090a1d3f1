"""A whole config: all sections."""

from pydantic.dataclasses import dataclass

from wsfcn_tf.config.data import DataConfig
from wsfcn_tf.config.inference import InferenceConfig
from wsfcn_tf.config.model import ModelConfig
from wsfcn_tf.config.section import Section
from wsfcn_tf.config.training import SelfSupervisionConfig, TrainingConfig


@dataclass(frozen=True)
class ExperimentConfig(Section):
    """All of one experiment. The defaults are the paper's for VOC 2012, as the authors' release has them."""

    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    self_supervision: SelfSupervisionConfig = SelfSupervisionConfig()
    training: TrainingConfig = TrainingConfig()
    inference: InferenceConfig = InferenceConfig()
