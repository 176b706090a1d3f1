"""What `predict` does with a network of its own, by a served one."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.photos import Stopped, describe, predict_files
from wsfcn_tf.serving.client.client import Client
from wsfcn_tf.serving.client.errors import Refused, ServingError
from wsfcn_tf.serving.client.replies import ServedPrediction


def predict_on_server(url: str, paths: Iterable[str | Path], output_dir: str | Path) -> list[Path]:
    """The masks and overlays of `predict_photos`, and the same lines printed.

    A photo's file is sent as it is: it is a fraction of its pixels, and a JPEG that was encoded again would be another
    photo. So the server decodes it, and what it refuses is left out as what cannot be read here is.

    Args:
        url: of the model, as `Client` takes it.
        paths: photos and folders.
        output_dir: where to write.

    Returns:
        The masks written.

    Raises:
        UserError: as `predict_photos`; or the server fails, which ends all at once.
    """
    with Client(url) as client:

        def predictor(image: np.ndarray, photo: Path) -> ServedPrediction:
            try:
                (prediction,) = client.predict([photo])
            except Refused:
                raise
            except ServingError as error:
                raise Stopped(str(error)) from None
            if prediction.labels.shape != image.shape[:2]:
                raise UserError(
                    f"{photo}: the server's mask is {_size(prediction.labels)} and the photo {_size(image)}: it turns "
                    "photos on their side another way"
                )
            return prediction

        return predict_files(predictor, paths, output_dir, lambda found: describe(found, found.class_names))


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
