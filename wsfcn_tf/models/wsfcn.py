"""The network: backbone, context, fusion, gate, head, pooling; and one training step of it."""

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.backbones.wide_resnet38 import WideResNet38
from wsfcn_tf.models.context.fca import FCA
from wsfcn_tf.models.fusion.sf2 import SF2
from wsfcn_tf.models.head import Head
from wsfcn_tf.models.layers import register
from wsfcn_tf.models.pooling import GlobalWeightedPooling
from wsfcn_tf.models.stochastic_gate import StochasticGate
from wsfcn_tf.ops import resize_align_corners

# === Model ===


@register
class WSFCN(keras.Model):
    """Images to masks and image-level scores (paper Fig. 2).

    Args:
        config: the network's settings; `num_classes` must be set.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not config.num_classes:
            raise ValueError(f"ModelConfig.num_classes must be a positive number, not {config.num_classes}")
        self.config = config
        self.backbone = WideResNet38(config.width, config.dropout, config.from_scratch, name="backbone")
        self.context = FCA(
            config.decoder_width,
            config.dilations,
            dropout=0.5 if config.dropout else 0.0,
            batch_statistics=config.from_scratch,
            name="context",
        )
        self.fusion = SF2(config.decoder_width, name="fusion")
        self.gate = StochasticGate(config.gate_psi, name="gate")
        self.head = Head(config.decoder_width, config.num_classes, config.dropout, name="head")
        self.pooling = GlobalWeightedPooling(config.focal_lambda, name="pooling")

    def build(self, input_shape: tuple) -> None:
        """Creates every variable; `input_shape` is [B, H, W, 3], its sides may be None."""
        low = (None, None, None, self.backbone.low_channels)
        decoder = (None, None, None, self.config.decoder_width)
        self.backbone.build(input_shape)
        self.context.build((None, None, None, self.backbone.high_channels))
        self.fusion.build([low, decoder])
        self.head.build(decoder)
        self.built = True

    def call(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """Runs the network.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB.
            training: dropout, the gate's draw and batch statistics where they are not frozen.
            seed: int32 [2] that fixes dropout and gate; None draws from TensorFlow's global generator.

        Returns:
            logits: float32 [B, h, w, 1 + C] at stride 4, channel 0 (background) is the constant 1.
            scores: float32 [B, C], before the sigmoid.
            masks: float32 [B, H, W, 1 + C], the logits' softmax at the images' size (align-corners).
        """
        low, high = self.backbone(images, training=training, seed=seed)
        high = self.context(high, training=training, seed=seed)
        shallow, deep = self.fusion([low, high], training=training)
        features = self.gate([deep, shallow], training=training, seed=seed)
        foreground = tf.cast(self.head(features, training=training, seed=seed), tf.float32)
        logits = tf.concat([tf.ones_like(foreground[..., :1]), foreground], axis=-1)
        masks = tf.nn.softmax(logits)
        return {
            "logits": logits,
            "scores": self.pooling([logits, masks]),
            "masks": resize_align_corners(masks, tf.shape(images)[1:3]),
        }

    # === Training ===

    def compile(self, optimizer: keras.optimizers.Optimizer, objective: Callable, seed: int = 0, **kwargs: Any) -> None:
        """Prepares for `fit` and for `update`.

        Args:
            optimizer: see `wsfcn_tf.training.optimizer`.
            objective: (images, tags, outputs, self_supervision) -> {name: float32 [B]} with the key "loss";
                see `wsfcn_tf.training.objective`.
            seed: of dropout and gate.
            **kwargs: Keras' own, such as `run_eagerly`.
        """
        super().compile(optimizer=optimizer, **{"jit_compile": False, **kwargs})
        self.objective = objective
        self.seed = seed
        self.self_supervision = False
        # In a namespace and not as Keras' `metrics`: Keras 3 refuses new state on a built model, Keras 2 would save
        # the metrics among the weights.
        self.means = SimpleNamespace(**{name: keras.metrics.Mean(name=name) for name in objective.names})

    def reset_metrics(self) -> None:
        """Keras' hook at the begin of an epoch."""
        for metric in vars(self.means).values():
            metric.reset_state()

    def update(self, images: tf.Tensor, tags: tf.Tensor, self_supervision: bool) -> dict[str, tf.Tensor]:
        """One step of the optimiser on one replica's share of the batch.

        Dropout and gate are functions of (seed, step, replica), so a resumed run draws what the first would have.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB.
            tags: float32 [B, C] in {0, 1}.
            self_supervision: whether the mask loss joins the classification loss.

        Returns:
            The objective's per-image values, {name: float32 [B]}.
        """
        context = tf.distribute.get_replica_context()
        step = tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.int32)
        seed = tf.stack([self.seed, step])
        seed = tf.random.experimental.stateless_fold_in(seed, context.replica_id_in_sync_group, alg="philox")
        with tf.GradientTape() as tape:
            outputs = self(images, training=True, seed=seed)
            values = self.objective(images, tags, outputs, self_supervision)
            # apply_gradients() sums over replicas: the mean over the global batch is the sum of these shares
            loss = tf.reduce_mean(values["loss"]) / context.num_replicas_in_sync
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return values

    def train_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """Keras' hook for `fit`; `data` is (images, tags, ...), as `wsfcn_tf.data` yields it."""
        images, tags = data[:2]
        return self._record(self.update(images, tags, self.self_supervision))

    def test_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """Keras' hook for `evaluate` and validation during `fit`: the objective on tags alone."""
        images, tags = data[:2]
        return self._record(self.objective(images, tags, self(images, training=False), self.self_supervision))

    def _record(self, values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        for name, metric in vars(self.means).items():
            metric.update_state(values[name])
        return {name: metric.result() for name, metric in vars(self.means).items()}

    # === Config ===

    def get_build_config(self) -> dict[str, Any]:
        """What `keras.saving.load_model` builds the variables from."""
        return {"input_shape": (None, None, None, 3)}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "config": dataclasses.asdict(self.config)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> "WSFCN":
        """The model that `get_config` described."""
        settings = {**config["config"], "dilations": tuple(config["config"]["dilations"])}
        return cls(ModelConfig(**settings), name=config["name"])


def build_model(config: ModelConfig) -> WSFCN:
    """A network with fresh weights (seed them with `keras.utils.set_random_seed`), ready to call, load and train.

    Args:
        config: the network's settings; `num_classes` must be set.

    Returns:
        The model; see `WSFCN.call` for what it takes and gives.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
    """
    model = WSFCN(config, name="wsfcn")
    model.build((None, None, None, 3))
    return model
