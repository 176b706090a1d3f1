"""What README and the pages promise to be importable."""

from importlib import import_module

import pytest

NAMES = {
    "wsfcn_tf": ("ModelConfig", "Segmenter", "build_model"),
    "wsfcn_tf.config": ("SelfSupervisionConfig", "TrainingConfig"),
    "wsfcn_tf.evaluation.evaluator": ("evaluate",),
    "wsfcn_tf.evaluation.html_report": ("ExampleCollector", "write_report"),
    "wsfcn_tf.objective.losses": ("classification_loss", "mask_loss"),
    "wsfcn_tf.metrics": ("MeanAveragePrecision", "MeanIoU"),
    "wsfcn_tf.ops": ("pamr",),
    "wsfcn_tf.objective.pseudo_labels": ("pseudo_labels",),
    "wsfcn_tf.serving": ("Client",),
    "wsfcn_tf.training": ("LossSwitch", "Objective", "build_optimizer"),
    "wsfcn_tf.weights": ("load_torch_state_dict",),
}


@pytest.mark.parametrize("module", NAMES)
def test_public_names_are_there(module):
    for name in NAMES[module]:
        assert callable(getattr(import_module(module), name))
