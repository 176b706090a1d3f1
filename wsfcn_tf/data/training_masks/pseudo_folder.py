"""A folder of masks that a program made: index PNGs named like the photos, as `predict --split` writes them."""

from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE, read_mask
from wsfcn_tf.data.masks.stored_values import StoredValues
from wsfcn_tf.data.photos.file_finder import FileFinder, stem_of
from wsfcn_tf.data.training_masks.known_mask import AGREE, KnownMask
from wsfcn_tf.errors import UserError

KEY = "data.pseudo_masks"


class PseudoFolder:
    """Masks of some photos, and how far they are trusted.

    Args:
        root: the folder, with NAME.png; for `soft` also NAME.confidence.png, 0..255 for 0..1, or the NAME.npz of
            `predict --save-probabilities`.
        trust: "hard", "soft" or "agree", as `data.pseudo_masks` has it.
        class_names: of the foreground.

    Raises:
        UserError: there is no such folder.
    """

    def __init__(self, root: str | Path, trust: str, class_names: Sequence[str]) -> None:
        self.root, self.trust = Path(root), trust
        if not self.root.is_dir():
            raise UserError(f"{KEY}: there is no folder {self.root}")
        self._classes = len(class_names)
        self._masks = FileFinder(self.root, (".png",))
        self._probabilities = FileFinder(self.root, (".npz",), ())

    def has(self, photo: str) -> bool:
        """Whether there is a mask of a photo."""
        return self._masks.find(stem_of(photo)) is not None

    def read(self, photo: str, tags: np.ndarray) -> KnownMask | None:
        """A photo's mask; None if there is none.

        Args:
            photo: its name.
            tags: float32 [C] in {0, 1}: classes that the photo is not tagged with are unknown, for programs see what
                is not there.

        Raises:
            UserError: a file is not what it has to be, or holds a label outside the classes.
        """
        found = self._masks.find(stem_of(photo))
        if found is None:
            return None
        labels = read_mask(self.root / found, self._classes)
        trust = self._trust(photo, labels)
        tagged = np.full(IGNORE + 1, IGNORE, np.uint8)
        tagged[: self._classes + 1] = np.where(np.append(1, tags) > 0, np.arange(self._classes + 1), IGNORE)
        return KnownMask(tagged[labels], trust)

    def _trust(self, photo: str, labels: np.ndarray) -> np.ndarray | None:
        """float32 [H,W], see `KnownMask`; None is all of it."""
        if self.trust == "hard":
            return None
        if self.trust == "agree":
            return np.full(labels.shape, AGREE, np.float32)
        path, trust = self._confidence(photo, labels)
        if trust.shape != labels.shape:
            raise UserError(f"{path}: is of {trust.shape[1]}x{trust.shape[0]} pixels, but the mask beside it is not")
        return trust

    def _confidence(self, photo: str, labels: np.ndarray) -> tuple[Path, np.ndarray]:
        """The file that says how probable a mask's labels are, and what it says: float32 [H,W] in [0, 1]."""
        stem = stem_of(photo)
        found = self._masks.find(f"{stem}.confidence")
        if found is not None:
            values = StoredValues(self.root / found).values
            if values.max() > 255:
                raise UserError(f"{self.root / found}: holds {values.max()}: 255 is what is certain")
            return self.root / found, values.astype(np.float32) / 255
        found = self._probabilities.find(stem)
        if found is None:
            raise UserError(
                f"{self.root}: there is neither {stem}.confidence.png nor {stem}.npz, and {KEY} trusts this folder by "
                "them (soft): write them with predict --save-probabilities, or set hard or agree"
            )
        path = self.root / found
        try:
            with np.load(path) as arrays:
                masks = arrays["masks"]
            rows, columns = np.indices(masks.shape[:2])
            return path, masks[rows, columns, np.where(labels == IGNORE, 0, labels)].astype(np.float32)
        except (OSError, ValueError, LookupError, BadZipFile) as error:
            raise UserError(f"{path}: does not hold the probabilities of this mask's labels: {error}") from None
