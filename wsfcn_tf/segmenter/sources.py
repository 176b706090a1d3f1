"""What segments: a trained network, an exported one, or a model server; each a `Source`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from wsfcn_tf.config.reading import lay_mapping_over
from wsfcn_tf.errors import UserError
from wsfcn_tf.segmenter.photos import Given
from wsfcn_tf.segmenter.segmentation import Segmentation

if TYPE_CHECKING:
    from wsfcn_tf.weights.trained import Trained


class Source(Protocol):
    """Segments a photo.

    Attributes:
        class_names: of the foreground; None where they are not known beforehand.
    """

    class_names: tuple[str, ...] | None

    def __call__(self, photo: Given, probabilities: bool) -> Segmentation:
        """A photo's segmentation, with its probabilities or without. Raises UserError if it is refused."""


class TrainedSource:
    """A network in memory, by the rules of its `inference` section.

    Args:
        trained: the network.
        where: it is from, the first words of an error's message.
        inference: keys of that section to change, such as {"flip": True, "crf": {"iterations": 10}}.

    Attributes:
        trained: with the section as changed.

    Raises:
        UserError: a key or value is wrong.
    """

    def __init__(self, trained: "Trained", where: str, inference: Mapping[str, Any]) -> None:
        from wsfcn_tf.inference.predictor import Predictor
        from wsfcn_tf.weights.precision import resolved

        changed = lay_mapping_over(trained.config, {"inference": dict(inference)}, f"Segmenter({where!r})")
        if changed.inference.classes == "tags":
            raise UserError(f"{where}: inference.classes is tags, which photos come without: add classes='scores'")
        self.trained = replace(trained, config=changed)
        computing = trained.in_precision(resolved(changed.inference.precision))
        self.class_names, self._predict = trained.class_names, Predictor(computing.model, changed.inference)

    def __call__(self, photo: Given, probabilities: bool) -> Segmentation:
        """See `Source`."""
        try:
            found = self._predict(photo.image)
        except UserError as error:
            raise UserError(f"{photo.name}: {error}") from error
        masks = found.masks if probabilities else None
        return Segmentation(photo.name, photo.image, found.labels, found.scores, self.class_names, masks)


class ExportedSource:
    """A SavedModel that `export` wrote, by TensorFlow alone; its rules were exported with it.

    Args:
        folder: of saved_model.pb.

    Raises:
        UserError: the folder is no export of this project's.
    """

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        try:
            told = json.loads((folder / "assets.extra" / "metadata.json").read_text(encoding="utf-8"))
            self.class_names = tuple(told["classes"])
            self._model = tf.saved_model.load(str(folder))
            self._signatures = {name: self._model.signatures[name] for name in ("predict_array", "probabilities")}
        except (OSError, ValueError, KeyError, TypeError):
            raise UserError(
                f"{folder}: is no network that `export` wrote: assets.extra/metadata.json or a signature is missing"
            ) from None

    def __call__(self, photo: Given, probabilities: bool) -> Segmentation:
        """See `Source`."""
        found = self._ask("predict_array", photo)
        masks = self._ask("probabilities", photo)["masks"][0] if probabilities else None
        return Segmentation(photo.name, photo.image, found["labels"][0], found["scores"][0], self.class_names, masks)

    def _ask(self, signature: str, photo: Given) -> dict[str, np.ndarray]:
        import tensorflow as tf

        try:
            outputs = self._signatures[signature](images=tf.constant(photo.image[None]))
        except tf.errors.InvalidArgumentError as error:  # the exported limits
            reasons = [line for line in str(error).splitlines() if line.startswith("assertion failed")]
            raise UserError(f"{photo.name}: the exported network refuses it: {(reasons or [str(error)])[0]}") from None
        return {name: value.numpy() for name, value in outputs.items()}


class ServedSource:
    """A model server; see `Client`. A photo's file is sent as it is.

    Args:
        url: as `Client` takes it.

    Raises:
        UserError: as `Client`.
    """

    class_names = None

    def __init__(self, url: str) -> None:
        from wsfcn_tf.serving.client import Client

        self._client = Client(url)

    def __call__(self, photo: Given, probabilities: bool) -> Segmentation:
        """See `Source`."""
        (found,) = self._client.predict([photo.sent])
        if found.labels.shape != photo.image.shape[:2]:
            raise UserError(f"{photo.name}: the server turns photos on their side another way: its mask's size differs")
        masks = self._client.probabilities(photo.image[None])[0][0] if probabilities else None
        return Segmentation(photo.name, photo.image, found.labels, found.scores, found.class_names, masks)
