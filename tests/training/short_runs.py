"""A run of four steps on five scenes, for tests of whole trainings."""

from dataclasses import replace

from networks import CONFIG as MODEL
from networks import FEWEST_OPERATIONS, reset_names

from wsfcn_tf.config import DataConfig, ExperimentConfig, ScenesConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.training import trainer

CONFIG = ExperimentConfig(
    model=replace(MODEL, num_classes=None, from_scratch=True, **FEWEST_OPERATIONS),
    data=DataConfig(format="scenes", crop_size=32, scenes=ScenesConfig(train=5, val=1, size=48)),
    self_supervision=SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,)),
    training=TrainingConfig(epochs=2, pretrain_epochs=1, batch_size=2, keep_checkpoints=1, panels=1),
)


class UnmaskedScenes(Scenes):
    """Training may not look at a mask."""

    def mask(self, name):
        raise AssertionError(f"the mask of {name} was read")


SCENES = UnmaskedScenes(CONFIG.data.scenes)


def train(*arguments, **options):
    """Training as in a process of its own.

    Keras numbers layers without a name over all models of a process, and TensorFlow's graph optimiser orders sums by
    name: without a reset, a second run differs from the first in the last bits.
    """
    reset_names()
    return trainer.train(*arguments, **options)


def with_training(**settings):
    return replace(CONFIG, training=replace(CONFIG.training, **settings))
