"""What `predict` does with a network of its own, by a served one."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.outputs import describe, predict_jobs, write_record
from wsfcn_tf.inference.photos import named_photos
from wsfcn_tf.inference.stream import Photo
from wsfcn_tf.serving.client.client import Client
from wsfcn_tf.serving.client.errors import Refused
from wsfcn_tf.serving.client.replies import ServedPrediction


def predict_on_server(
    url: str,
    paths: Sequence[str | Path],
    output_dir: str | Path,
    *,
    ca: str | Path | None = None,
    resume: bool = False,
) -> list[Path]:
    """The masks and overlays that `predict` writes with a network of its own, and the same lines printed.

    Args:
        url: of the model, as `Client` takes it.
        paths: photos and folders.
        output_dir: where to write.
        ca: as `Client` takes it.
        resume: leave alone the photos whose files are all there; whether the server is still the same is not known.

    Returns:
        The masks written.

    Raises:
        UserError: as `named_photos` and `predict_jobs`; or the server fails, which ends all at once.
    """
    jobs = named_photos(paths, output_dir)
    with Client(url, ca=ca) as client:
        write_record(output_dir, {"server": url}, resume=resume)
        return predict_jobs(
            partial(_predict, client),
            jobs,
            lambda prediction: describe(prediction, prediction.class_names),
            resume=resume,
        )


def _predict(client: Client, photos: Iterable[Photo]) -> Iterator[tuple[Photo, ServedPrediction | UserError]]:
    """One photo after the other; a UserError in the place of one that the server refuses.

    A photo's file is sent as it is: it is a fraction of its pixels, and a JPEG that was encoded again would be another
    photo. So the server decodes it, and what it refuses is left out as what cannot be read here is.
    """
    for photo in photos:
        try:
            (prediction,) = client.predict([photo.file])
        except Refused as refused:
            yield photo, refused
            continue
        mask, size = _size(prediction.labels), _size(photo.image)
        turned = (
            f"{photo.name}: the server's mask is {mask} and the photo {size}: it turns photos on their side another way"
        )
        yield photo, prediction if mask == size else UserError(turned)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
