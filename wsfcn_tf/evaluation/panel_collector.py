"""Pictures of an evaluation: photo, ground truth and prediction side by side."""

from collections.abc import Sequence

import numpy as np

from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.visualisation.overlays import overlay
from wsfcn_tf.visualisation.panels import side_by_side


class PanelCollector:
    """Keeps the first few photos of an evaluation: pass `add` to `evaluate` as its `on_image`.

    Args:
        rows: how many photos to keep.
        class_names: of the foreground, for the legend.
    """

    def __init__(self, rows: int, class_names: Sequence[str]) -> None:
        self._rows, self._class_names = rows, class_names
        self.photos: list[np.ndarray] = []
        self.truths: list[np.ndarray] = []
        self.predictions: list[np.ndarray] = []

    def add(self, name: str, image: np.ndarray, truth: np.ndarray, prediction: Prediction) -> None:
        """Keeps an image if there is room."""
        if len(self.photos) < self._rows:
            self.photos.append(image)
            self.truths.append(overlay(image, truth))
            self.predictions.append(overlay(image, prediction.labels))

    def picture(self) -> np.ndarray:
        """The panel, uint8 RGB [H, W, 3]."""
        columns = {"photo": self.photos, "ground truth": self.truths, "prediction": self.predictions}
        return side_by_side(columns, self._class_names)
