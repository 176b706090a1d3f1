"""What segments: a trained network, an exported one, or a model server; each a `Source`."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.segmenter.photos import Given
from wsfcn_tf.segmenter.segmentation import Segmentation

if TYPE_CHECKING:
    from wsfcn_tf.config import InferenceConfig
    from wsfcn_tf.inference.prediction import Prediction
    from wsfcn_tf.inference.stream import Photo
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
    """A network in memory.

    Args:
        trained: the network as it was saved.
        inference: its rules.
        tell: gets a line, once, where photos are much larger or smaller than training showed any.

    Attributes:
        trained: the same, with these rules as its section `inference`.
        computing: the same in these rules' precision.
    """

    def __init__(
        self, trained: "Trained", inference: "InferenceConfig", tell: Callable[[str], None] = warnings.warn
    ) -> None:
        from wsfcn_tf.inference.predictor import Predictor
        from wsfcn_tf.inference.views import SizeWatch
        from wsfcn_tf.weights.precision import resolved

        self.class_names = trained.class_names
        self.trained = replace(trained, config=replace(trained.config, inference=inference))
        self.computing = self.trained.in_precision(resolved(inference.precision))
        self._predictor = Predictor(self.computing.model, inference)
        self._sizes = SizeWatch(trained.config.data, inference, tell)

    def __call__(self, photo: Given, probabilities: bool) -> Segmentation:
        """See `Source`."""
        self._sizes.see(photo.name, photo.image)
        try:
            found = self._predictor(photo.image)
        except UserError as error:
            raise UserError(f"{photo.name}: {error}") from error
        return _segmentation(photo, found, self.class_names, probabilities)

    def stream(self, photos: Iterable[Given], probabilities: bool, crf_processes: int) -> Iterator[Segmentation]:
        """The same of several photos, with processes for the CRF."""
        from wsfcn_tf.inference.stream import Photo

        named = (Photo(photo.name, photo.image) for photo in photos)
        for photo, found in self.predictions(named, crf_processes):
            yield _segmentation(photo, found, self.class_names, probabilities)

    def predictions(
        self, photos: Iterable["Photo"], crf_processes: int | None
    ) -> Iterator[tuple["Photo", "Prediction"]]:
        """See `Segmenter.predictions`."""
        from wsfcn_tf.inference.stream import with_crf_processes

        def watched() -> Iterator["Photo"]:
            for photo in photos:
                self._sizes.see(photo.name, photo.image)
                yield photo

        return with_crf_processes(self._predictor, crf_processes)(watched())


def _segmentation(
    photo: "Given | Photo", found: "Prediction", class_names: tuple[str, ...], probabilities: bool
) -> Segmentation:
    masks = None
    if probabilities:
        from wsfcn_tf.inference.views import masks_at

        masks = masks_at(found.masks, found.labels.shape)
    return Segmentation(photo.name, photo.image, found.labels, found.scores, class_names, masks)


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
