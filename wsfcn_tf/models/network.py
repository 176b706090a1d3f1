"""What all networks share: a config, one training step, and how Keras saves and loads them."""

import dataclasses
import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.accumulation import Values, in_parts
from wsfcn_tf.models.backbones.hub.preset import with_description
from wsfcn_tf.models.keras_step import Reports, scaled, there, unpacked, unscaled, weighted, with_loss_scale
from wsfcn_tf.models.layers import synchronise_norms
from wsfcn_tf.models.loss_switch import LossSwitch
from wsfcn_tf.objective.objective import Objective


class Network(keras.Model):
    """Images to masks and image-level scores; subclasses make the layers, the first of which is `backbone`.

    Args:
        config: the network's settings; `num_classes` must be set.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        # float32 whatever Keras' policy is: under a mixed one the layers compute in half precision, what comes in and
        # goes out does not
        super().__init__(dtype="float32", **kwargs)
        if not config.num_classes:
            raise ValueError(f"ModelConfig.num_classes must be a positive number, not {config.num_classes}")
        self.config = with_description(config)

    def build(self, input_shape: tuple) -> None:
        """Creates every variable; `input_shape` is [B, H, W, 3], its sides may be None."""
        self.build_layers(input_shape)
        if self.config.freeze_backbone:
            for member in self.members():
                member.backbone.trainable = False
        if self.config.synchronise_norm:
            synchronise_norms(self)
        self.built = True

    @abstractmethod
    def build_layers(self, input_shape: tuple) -> None:
        """Builds every layer that a subclass holds; `input_shape` as in `build`."""

    def members(self) -> list["Network"]:
        """The networks of an `Ensemble`, which have a backbone each; any other is one itself."""
        return [self]

    def each(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> list[Values]:
        """What every one of `members` returns; arguments as of `call`."""
        return [self(images, training=training, seed=seed)]

    def together(self, outputs: list[Values]) -> Values:
        """From what `each` returns to what `call` does."""
        return outputs[0]

    def __call__(self, images: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs the network: `model(images)` is inference; see `call` of the subclass.

        Raises:
            TypeError: the images are not of a floating type.
        """
        if hasattr(images, "dtype") and not tf.as_dtype(images.dtype).is_floating:
            raise TypeError(
                f"images are {tf.as_dtype(images.dtype).name}: the network takes ImageNet-normalised float32, which "
                "wsfcn_tf.ops.normalise.normalise makes of photos in [0, 1]"
            )
        return super().__call__(images, *args, **kwargs)

    # === Training ===

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "rmsprop",
        objective: Callable | None = None,
        seed: int = 0,
        accumulation_steps: int = 1,
        xla: bool = False,
        pretrain_epochs: int = 7,
        metrics: Any = None,
        weighted_metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        """Prepares for `fit` and for `update`.

        Args:
            optimizer: any of Keras', by name or as an object; `wsfcn_tf.training.build_optimizer` makes the release's.
                Where layers compute in float16, one without a loss scale gets Keras' `LossScaleOptimizer` around it.
            objective: (images, tags, outputs, self_supervision, step) -> {name: float32 [B]} with the key "loss";
                None takes `Objective()`, the release's losses. The names of the values are in its attribute `names`;
                with a true `learns_masks`, it takes masks= and trust= as well, where batches have them.
            seed: of dropout and gate.
            accumulation_steps: each replica computes its share of a batch in so many parts, one after another.
            xla: whether XLA compiles network, losses and gradients.
            pretrain_epochs: in `fit`, how many epochs use the classification loss alone, before the mask loss joins
                (the paper's 7); a `LossSwitch` among `fit`'s callbacks says otherwise. Without effect on the CAM
                classifier, which has no mask loss.
            metrics: Keras' metrics of scores [B, C] (logits) against tags, or {"scores": list, "masks": list}, of which
                "masks" compare [B, H, W, 1 + C] with index masks; see `wsfcn_tf.metrics`.
            weighted_metrics: likewise, weighed by `sample_weight`.
            **kwargs: Keras' own, such as `run_eagerly`.

        Raises:
            TypeError: a loss was given, which is the objective's.
            ValueError: metrics of another output than scores and masks.
        """
        for name in ("loss", "loss_weights"):
            if kwargs.get(name) is not None:
                raise TypeError(f"compile({name}=...): losses are the objective's; leave it out")
        if self.members()[0].backbone.compute_dtype == "float16":
            optimizer = with_loss_scale(keras.optimizers.get(optimizer))
        super().compile(optimizer=optimizer, **{"jit_compile": False, **kwargs})
        self.objective = objective = Objective() if objective is None else objective
        self.learns_masks = getattr(objective, "learns_masks", False)
        self.pretrain_epochs = pretrain_epochs
        self.seed = seed
        self.accumulation_steps = accumulation_steps
        self.xla = xla
        # the optimiser stays outside: under replicas it communicates, which a compiled function cannot
        self.differentiate = (
            tf.function(self._differentiate, jit_compile=True, autograph=False) if xla else self._differentiate
        )
        self.self_supervision = False
        # In an object and not as Keras' `metrics`: Keras 3 refuses new state on a built model, Keras 2 would save the
        # metrics among the weights.
        self.reports = Reports(objective.names, self.config.num_classes, metrics, weighted_metrics)

    def reset_metrics(self) -> None:
        """Keras' hook at the begin of an epoch."""
        self.reports.reset()

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Keras' `fit` on photos and tags, with the loss switch of `compile` unless `callbacks` has one.

        Args:
            x: images, float32 [N, H, W, 3], ImageNet-normalised RGB; or batches of (images, tags) or (images, tags,
                sample_weight): a `tf.data.Dataset`, a generator, a Keras `Sequence` or `PyDataset`.
            y: with arrays, tags, float32 [N, C] in {0, 1}; or, in batches as well, {"tags": tags, "masks": index masks
                [N, H, W], 255 where unknown}, which metrics and `evaluate` compare. No loss looks at them but that of
                `Objective(learns_masks=True)`.
            batch_size, epochs, verbose, callbacks, **kwargs: Keras' own. `sample_weight`, [N], multiplies each
                photo's loss; the other values reported are not weighted.
        """
        if not isinstance(callbacks, keras.callbacks.CallbackList) and self.config.head != "cam":
            callbacks = list(callbacks or ())
            if not any(isinstance(callback, LossSwitch) for callback in callbacks):
                callbacks.insert(0, LossSwitch(self.pretrain_epochs))
        return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)

    def update(
        self,
        images: tf.Tensor,
        tags: tf.Tensor,
        self_supervision: bool,
        sample_weight: tf.Tensor | None = None,
        masks: tf.Tensor | None = None,
        trust: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """One step of the optimiser on one replica's share of the batch.

        Dropout and gate are functions of (seed, step, replica, part), so a resumed run draws what the first would have.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB.
            tags: float32 [B, C] in {0, 1}.
            self_supervision: whether the mask loss joins the classification loss.
            sample_weight: float32 [B], of each image's loss.
            masks, trust: for an objective that learns masks, as `Objective` takes them.

        Returns:
            The objective's per-image values, {name: float32 [B]}; "loss" is weighted. With metrics, the outputs that
            they compare as well.
        """
        context = tf.distribute.get_replica_context()
        step = tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.int32)
        seed = tf.stack([self.seed, step])
        seed = tf.random.experimental.stateless_fold_in(seed, context.replica_id_in_sync_group, alg="philox")

        known = {"masks": masks, "trust": trust} if self.learns_masks else {}
        more = there({"sample_weight": sample_weight, **known})
        batch = [images, tags, *more.values()]

        def part(images: tf.Tensor, tags: tf.Tensor, *rest: tf.Tensor) -> tuple[dict[str, tf.Tensor], list[tf.Tensor]]:
            *given, seed = rest
            return self.differentiate(images, tags, seed, step, self_supervision, **dict(zip(more, given, strict=True)))

        if self.accumulation_steps == 1:
            values, gradients = part(*batch, seed)
        else:
            shapes = [variable.shape for variable in self.trainable_variables]
            of_an_image = self.reports.shapes(images.shape[1:3])
            values, gradients = in_parts(part, self.accumulation_steps, batch, seed, of_an_image, shapes)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return values

    def _differentiate(
        self,
        images: tf.Tensor,
        tags: tf.Tensor,
        seed: tf.Tensor,
        step: tf.Tensor,
        self_supervision: bool,
        sample_weight: tf.Tensor | None = None,
        **known: tf.Tensor,
    ) -> tuple[dict[str, tf.Tensor], list[tf.Tensor]]:
        """Per-image values, and what the optimiser takes: the gradients of a replica's share of the mean loss."""
        # apply_gradients() sums over replicas: the mean over the global batch is the sum of these shares
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        with tf.GradientTape() as tape:
            outputs = self.each(images[..., :3], training=True, seed=seed)  # a fourth channel is saliency
            found = [self.objective(images, tags, one, self_supervision, step, **known) for one in outputs]
            found = [weighted(values, sample_weight) for values in found]
            # a sum over members: each takes the step that it would alone
            loss = scaled(self.optimizer, tf.add_n([tf.reduce_mean(one["loss"]) for one in found]) / replicas)
        values = {name: tf.add_n([values[name] for values in found]) / len(found) for name in found[0]}
        values |= {name: self.together(outputs)[name] for name in self.reports.watched}
        return values, unscaled(self.optimizer, tape.gradient(loss, self.trainable_variables))

    @tf.autograph.experimental.do_not_convert  # as Keras 3 has it: no step branches on a tensor
    def train_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """Keras' hook for `fit`; `data` is (images, y) and weights, or names, as `wsfcn_tf.data` yields them."""
        images, tags, masks, weight, trust = batch = unpacked(data)
        values = self.update(images, tags, self.self_supervision, weight, masks, trust)
        return self.reports.update(values, values, batch, evaluating=False)

    @tf.autograph.experimental.do_not_convert
    def test_step(self, data: tuple) -> dict[str, tf.Tensor]:
        """Keras' hook for `evaluate` and validation during `fit`: the objective on tags alone, mAP, mIoU if masks come.

        mIoU is of single views, without classes whose score says that they are not there.
        """
        batch = unpacked(data)
        step = tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.int32)
        outputs = self(batch.images[..., :3], training=False)
        values = self.objective(batch.images, batch.tags, outputs, self.self_supervision, step)
        return self.reports.update(weighted(values, batch.sample_weight), outputs, batch, evaluating=True)

    # === Config and export ===

    def export(self, filepath: str | os.PathLike, **kwargs: Any) -> None:
        """Keras' `export`: a SavedModel whose endpoint `serve` takes float32 [B, H, W, 3], any B, H and W.

        `python -m wsfcn_tf export` writes one that takes photos as they are and gives masks.

        Args:
            filepath: the folder to write.
            **kwargs: what Keras 3 takes besides, such as `format`; with any, its own `export` is called.
        """
        if kwargs:
            return super().export(filepath, **kwargs)
        archive = keras.export.ExportArchive()
        archive.track(self)
        # Keras 2's own `export` would fix the size of the last call
        any_size = tf.TensorSpec((None, None, None, 3), name="images")
        archive.add_endpoint("serve", self.__call__, input_signature=[any_size])
        archive.write_out(str(filepath))
        return None

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `keras.saving.load_model` compiles with; None, so that it does not, for an objective of other makes."""
        if type(getattr(self, "objective", None)) is not Objective:
            return None
        names = ("optimizer", "objective", "seed", "accumulation_steps", "xla", "pretrain_epochs")
        options = {name: getattr(self, name) for name in names} | self.reports.asked_for
        return {name: keras.saving.serialize_keras_object(value) for name, value in options.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as `get_compile_config` described, with slots that can be loaded."""
        self.compile(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})
        self.optimizer.build(self.trainable_variables)

    def get_build_config(self) -> dict[str, Any]:
        """What `keras.saving.load_model` builds the variables from."""
        return {"input_shape": (None, None, None, 3)}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "config": dataclasses.asdict(self.config)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> "Network":
        """The model that `get_config` described."""
        return cls(ModelConfig(**config["config"]), name=config["name"])
