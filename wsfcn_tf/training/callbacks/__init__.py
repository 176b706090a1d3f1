"""What surrounds a training step, for `train` and for `model.fit`: Keras callbacks, one a file."""

from wsfcn_tf.models.loss_switch import LossSwitch
from wsfcn_tf.training.callbacks.best_weights import BestWeights
from wsfcn_tf.training.callbacks.checkpoint import Checkpoint
from wsfcn_tf.training.callbacks.epoch_tables import EpochTables
from wsfcn_tf.training.callbacks.progress_bar import ProgressBar
from wsfcn_tf.training.callbacks.recording import Record
from wsfcn_tf.training.callbacks.stop_on_signal import StopOnSignal
from wsfcn_tf.training.callbacks.supervision_panels import SupervisionPanels
from wsfcn_tf.training.callbacks.tensorboard_scalars import TensorBoardScalars
from wsfcn_tf.training.callbacks.unreadable_photos import UnreadablePhotos
from wsfcn_tf.training.callbacks.validation import Validation, ValidationSplit

__all__ = [
    "BestWeights",
    "Checkpoint",
    "EpochTables",
    "LossSwitch",
    "ProgressBar",
    "Record",
    "StopOnSignal",
    "SupervisionPanels",
    "TensorBoardScalars",
    "UnreadablePhotos",
    "Validation",
    "ValidationSplit",
]
