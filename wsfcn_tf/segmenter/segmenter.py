"""`Segmenter`: the same calls whatever segments."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsfcn_tf.config.reading import lay_mapping_over
from wsfcn_tf.errors import UserError
from wsfcn_tf.segmenter.photos import Photos, is_one, read_photos
from wsfcn_tf.segmenter.segmentation import Segmentation
from wsfcn_tf.segmenter.sources import ExportedSource, ServedSource, Source, TrainedSource

if TYPE_CHECKING:
    from wsfcn_tf.config import InferenceConfig
    from wsfcn_tf.inference.prediction import Prediction
    from wsfcn_tf.inference.stream import Photo
    from wsfcn_tf.weights.trained import Trained

_SAVED_MODEL = "saved_model.pb"


class Segmenter:
    """Photos as they are in, a label for every pixel out.

    >>> segmenter = Segmenter("runs/mine")
    >>> segmentation = segmenter.predict("beach/0001.jpg")
    >>> segmentation.labels, segmentation.found
    >>> for segmentation in segmenter.stream("beach"):
    ...     segmentation.save(f"masks/{Path(segmentation.name).stem}.png")

    Args:
        source: a run's folder, a `.weights.h5` file in one, a SavedModel's folder that `export` wrote (or one above its
            versions 1, 2, ...: the newest is taken), or a model server's URL, as `Client` takes it.
        inference: keys of the run's `inference` section to change (docs/config.md), such as `flip=True`,
            `scales=[0.5, 1]` or `crf={"iterations": 10}`. What was exported or is served cannot be changed.

    Attributes:
        class_names: of the foreground, label i + 1 is class i; None of a server, which names only what it finds.

    Raises:
        UserError: none of these, or a key or value is wrong.
    """

    def __init__(self, source: str | Path, **inference: Any) -> None:
        self._source = _open(source, inference)

    @classmethod
    def from_preset(cls, preset: str | Path, **inference: Any) -> "Segmenter":
        """Opens what `save_to_preset` wrote.

        Args:
            preset: a folder; or `hf://OWNER/NAME` or `kaggle://OWNER/MODEL/keras/NAME`, which the packages
                huggingface_hub and kagglehub fetch.
            inference: as of the class.

        Raises:
            UserError: there is none, it is another project's, or the hub's package is not installed.
        """
        from wsfcn_tf.weights.preset.folder import load_preset

        trained = load_preset(preset)
        return cls.of(trained, _changed(trained, str(preset), inference))

    @classmethod
    def of(
        cls, trained: "Trained", inference: "InferenceConfig", tell: Callable[[str], None] = warnings.warn
    ) -> "Segmenter":
        """Segments with a network that is in memory already, as `wsfcn_tf.weights.trained.load_trained` returns one.

        Args:
            trained: the network.
            inference: its rules.
            tell: gets a line, once, where photos are much larger or smaller than training showed any.
        """
        segmenter = cls.__new__(cls)
        segmenter._source = TrainedSource(trained, inference, tell)
        return segmenter

    def save_to_preset(self, folder: str | Path, licence: str | None = None) -> None:
        """Writes the network and its rules as a folder in KerasHub's layout, complete or not at all.

        Its README.md is a model card, made from what the run noted: read it before you publish it. `upload_preset` of
        keras_hub and the hubs' own tools upload the folder.

        Args:
            folder: to make.
            licence: of the weights, such as "apache-2.0" or "cc-by-4.0", for the card; None says that none is stated.

        Raises:
            UserError: the folder exists, or this was exported or is served, which has no weights to publish.
        """
        from wsfcn_tf.weights.preset.card import model_card
        from wsfcn_tf.weights.preset.folder import save_preset

        trained = self._opened(f"{folder}: what is exported or served cannot be written as a preset").trained
        save_preset(trained, folder, model_card(trained, Path(folder).name, licence))

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """See the class."""
        return self._source.class_names

    @property
    def trained(self) -> "Trained":
        """The network and what it was trained as, computing in the precision of its rules.

        Raises:
            UserError: this was exported or is served.
        """
        return self._opened("what is exported or served is no longer a network of Keras").computing

    def predict(self, photos: Photos, probabilities: bool = False) -> Segmentation | list[Segmentation]:
        """Segments a photo, or several.

        Args:
            photos: one photo (a path, a file's bytes, uint8 RGB [H, W, 3] or a picture of Pillow's); or several (a
                folder, which is searched with its sub-folders, uint8 [B, H, W, 3], or an iterable of photos).
            probabilities: whether to keep them: 4 (1 + C) bytes a pixel; SavedModels and servers compute twice then.

        Returns:
            The photo's segmentation, or a list for several, which holds all of them in memory: see `stream`.

        Raises:
            UserError: a photo cannot be read or is refused; the message names it.
        """
        segmentations = list(self.stream(photos, probabilities))
        return segmentations[0] if is_one(photos) else segmentations

    def stream(
        self, photos: Photos, probabilities: bool = False, crf_processes: int | None = None
    ) -> Iterator[Segmentation]:
        """Segments one photo after the other as they are asked for.

        Args:
            photos: as of `predict`.
            probabilities: as of `predict`.
            crf_processes: how many processes compute the dense CRF of photos, and how many threads their saliency and
                GrabCut, while the network is at the next; changes no result. None does all of it in turn. A program
                that asks for processes does so below `if __name__ == "__main__":`, as they import it.

        Raises:
            UserError: as of `predict`; or there are to be processes, but fewer than one, or for a network that was
                exported or is served.
        """
        if crf_processes is not None:
            if crf_processes < 1:
                raise UserError(f"crf_processes must be at least 1, not {crf_processes}; None needs no other process")
            source = self._opened("crf_processes: what is exported or served has its rules inside")
            yield from source.stream(read_photos(photos), probabilities, crf_processes)
            return
        for photo in read_photos(photos):
            yield self._source(photo, probabilities)

    def predictions(
        self, photos: Iterable["Photo"], crf_processes: int | None = None
    ) -> Iterator[tuple["Photo", "Prediction"]]:
        """What the commands `predict` and `evaluate` write and count: photos with names, and tags where they are known.

        Args:
            photos: in the order in which they come out; a few are read ahead.
            crf_processes: how many processes compute the dense CRF; None takes one per core.

        Raises:
            UserError: a photo is refused, or its CRF's process dies twice (the message names it); or this was exported
                or is served.
        """
        return self._opened("what is exported or served has no predictions before its rules").predictions(
            photos, crf_processes
        )

    def _opened(self, without: str) -> TrainedSource:
        if not isinstance(self._source, TrainedSource):
            raise UserError(f"{without}: open the run")
        return self._source


def _open(source: str | Path, inference: dict[str, Any]) -> Source:
    served, path = "://" in str(source), Path(source)
    exported = None if served else _saved_model(path)
    if inference and (served or exported):
        raise UserError(
            f"{source}: {', '.join(inference)} cannot be changed, it was exported with the network: open the run, or "
            "export it anew"
        )
    if served:
        return ServedSource(str(source))
    if exported is not None:
        return ExportedSource(exported)
    from wsfcn_tf.weights.trained import load_trained

    trained = load_trained(path)
    return TrainedSource(trained, _changed(trained, str(path), inference))


def _changed(trained: "Trained", where: str, inference: dict[str, Any]) -> "InferenceConfig":
    """The network's own rules with some keys changed; photos come without tags here."""
    changed = lay_mapping_over(trained.config, {"inference": inference}, f"Segmenter({where!r})").inference
    if changed.classes == "tags":
        raise UserError(f"{where}: inference.classes is tags, which photos come without: add classes='scores'")
    return changed


def _saved_model(path: Path) -> Path | None:
    """The folder of a SavedModel: this one or, as a model server would choose, its newest version; None without."""
    if (path / _SAVED_MODEL).is_file():
        return path
    versions = [file.parent for file in path.glob(f"[0-9]*/{_SAVED_MODEL}") if file.parent.name.isdecimal()]
    return max(versions, key=lambda folder: int(folder.name), default=None)
