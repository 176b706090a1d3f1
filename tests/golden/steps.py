"""The goldens' training steps, taken by our model: dropout 0, the gate's draw fixed, each release's own rates."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from golden import recipe

from wsfcn_tf import ModelConfig, build_model
from wsfcn_tf.config import SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.models.decoder import stochastic_gate
from wsfcn_tf.objective.objective import Objective
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.training.optimizer import build_optimizer
from wsfcn_tf.weights import load_torch_state_dict, name_map
from wsfcn_tf.weights.torch_state_dict import variables_of

NETWORKS = {
    "wsfcn": (ModelConfig(num_classes=20, dropout=False), TrainingConfig(), name_map.WSFCN),
    "ssss": (
        ModelConfig(num_classes=20, dropout=False, context="aspp", fusion="gci"),
        TrainingConfig(new_weight_multiplier=10, new_bias_multiplier=20),
        name_map.SSSS,
    ),
}


class Recorder(Objective):
    """The objective, which keeps what it was given."""

    def __call__(self, images, tags, outputs, *switch_and_step):
        self.outputs = outputs
        return super().__call__(images, tags, outputs, *switch_and_step)


def run(name, count=3, relative_noise=0.0):
    """Takes `count` steps, eagerly: as a graph, TensorFlow orders sums anew, and by the second step ReLUs have flipped.

    Args:
        name: "wsfcn" or "ssss".
        count: of steps.
        relative_noise: each number of the image is multiplied by 1 + this times a normal draw.

    Returns:
        arrays, the goldens; tags; first, {name: tensor} of the first step's outputs and supervision; gradients,
        {torch name: array} of the first step; losses, [classification, mask] before each step.
    """
    config, schedule, modules = NETWORKS[name]
    arrays = recipe.load(f"{name}_network")
    draw = np.random.default_rng(0).standard_normal(arrays["train_image"].shape)
    image = arrays["train_image"] * (1 + relative_noise * draw).astype(np.float32)
    images, tags = tf.constant(normalise(image)), tf.constant(arrays["train_labels"])
    model = build_model(config)
    load_torch_state_dict(model, recipe.state_dict(name))
    objective = Recorder(SelfSupervisionConfig(), max_tags=config.num_classes)
    optimizer = build_optimizer(model, schedule)
    model.compile(optimizer, objective)
    names = {id(variable): name for name, variable in variables_of(model, modules).items()}
    gradients, losses, first = {}, [], {}

    def apply_gradients(pairs):
        pairs = list(pairs)
        if not gradients:
            gradients.update({names[id(variable)]: np.array(gradient) for gradient, variable in pairs})
        return type(optimizer).apply_gradients(optimizer, pairs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stochastic_gate, "uniform", lambda shape, *_: tf.cast(recipe.gate_keep(tuple(shape)), tf.float32))
        patch.setattr(optimizer, "apply_gradients", apply_gradients)
        for _ in range(count):
            values = model.update(images, tags, self_supervision=True)
            losses.append([np.mean(values["classification"]), np.mean(values["mask"])])
            if not first:
                supervision = objective.supervise(images, tags, objective.outputs["logits"])
                first = {**objective.outputs, **supervision._asdict()}
    return SimpleNamespace(name=name, arrays=arrays, tags=tags, first=first, gradients=gradients, losses=losses)


def run_and_compare(name):
    """The same with `norm_deviations` in the gradients' place, which are large."""
    steps = run(name)
    steps.norm_deviations = norm_deviations(steps)
    del steps.gradients
    return steps


def norm_deviations(steps):
    """How far the norms of the first step's gradients are from the golden ones, relative: {torch name: number}.

    Norms are taken as the goldens have them: PyTorch sums squares in float32, 1e-3 too low for 19 million of them.
    Biases in front of a BatchNorm have a gradient of zero, up to rounding: 1e-5 of the largest norm does not count.
    """
    import torch  # 1.4 s, which no other worker needs

    expected = json.loads((Path(recipe.__file__).parent / f"{steps.name}_grad_norms.json").read_text())
    assert steps.gradients.keys() == expected.keys()
    floor = 1e-5 * max(expected.values())
    norms = {name: torch.from_numpy(gradient).norm().item() for name, gradient in steps.gradients.items()}
    return {name: max(0.0, abs(norms[name] - norm) - floor) / norm for name, norm in expected.items()}
