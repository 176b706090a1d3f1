"""Asking a model server, as if the network were here."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.serving.client.address import Address, parse_address
from wsfcn_tf.serving.client.errors import BadReply, Refused, Unavailable
from wsfcn_tf.serving.client.limits import Limits, Timeouts
from wsfcn_tf.serving.client.photos import Encoded, Photo, batches, encoded, refusal_of
from wsfcn_tf.serving.client.replies import ServedPrediction, labels_of, numbers, predictions_of, scores_of
from wsfcn_tf.serving.client.retry import Retries, with_retries
from wsfcn_tf.serving.client.tls import read_certificates

_Outputs = dict[str, np.ndarray]
_TIMEOUTS, _RETRIES, _LIMITS = Timeouts(), Retries(), Limits()


class Client:
    """A served network. Thread-safe; a context manager, which closes its connections.

    Args:
        url: http://HOST[:8501], https://HOST, grpc://HOST[:8500] or grpcs://HOST (TLS), with /v1/models/NAME behind it
            if the model is not called wsfcn, and /versions/N or /labels/LABEL for another than the newest version.
            REST needs nothing but this package; gRPC needs tensorflow-serving-api.
        timeouts: of each attempt.
        retries: of what is `Unavailable`; neither refused requests nor time-outs are sent again.
        limits: how much is sent and taken at a time.
        ca: with TLS, a PEM file of the certificates that are trusted; None trusts the system's. It may hold a
            self-signed server's own certificate.

    Raises:
        UserError: not such a URL, no certificates, or tensorflow-serving-api is needed and not installed.
    """

    def __init__(
        self,
        url: str,
        timeouts: Timeouts = _TIMEOUTS,
        retries: Retries = _RETRIES,
        limits: Limits = _LIMITS,
        ca: str | Path | None = None,
    ) -> None:
        self.address = parse_address(url)
        trusted = None if ca is None else read_certificates(ca, self.address)
        self._retries, self._limits = retries, limits
        self._transport = _transport(self.address, timeouts, limits.reply_bytes, trusted)

    def predict(self, photos: Iterable[Photo]) -> list[ServedPrediction]:
        """Predicts photos of any sizes, several in a request.

        Args:
            photos: each a file's path or content, or uint8 RGB [H, W, 3]. JPEGs and PNGs are sent as they are.

        Returns:
            Their predictions, in their order.

        Raises:
            UserError: a photo that cannot be read; the message begins with its name.
            ServingError: of the kind that says what went wrong.
        """
        named = (encoded(photo, f"photo {number}") for number, photo in enumerate(photos, start=1))
        return [result for batch in batches(named, self._limits) for result in self._predict(batch)]

    def predict_array(self, images: np.ndarray) -> list[ServedPrediction]:
        """Predicts photos of one size, without encoding them; over REST `predict` sends them in far fewer bytes.

        Args:
            images: uint8 RGB [B, H, W, 3].

        Returns:
            B predictions, which name no classes.

        Raises:
            UserError: an array of another kind.
            ServingError: of the kind that says what went wrong.
        """
        predictions = []
        for part, outputs in self._answers("predict_array", images):
            with self._told():
                scores = scores_of(outputs, len(part))
                labels = labels_of(outputs, part.shape[:3], scores.shape[1])
            nameless = (None,) * scores.shape[1]
            predictions += [ServedPrediction(*pair, nameless) for pair in zip(labels, scores, strict=True)]
        return predictions

    def probabilities(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The masks that labels are made from.

        Args:
            images: uint8 RGB [B, H, W, 3].

        Returns:
            masks: float32 [B, H, W, 1+C] in [0, 1].
            scores: float32 [B, C] in [0, 1].

        Raises:
            UserError: an array of another kind.
            ServingError: of the kind that says what went wrong.
        """
        results = [self._probabilities(*answer) for answer in self._answers("probabilities", images)]
        masks, scores = (np.concatenate(arrays) for arrays in zip(*results, strict=True))
        return masks, scores

    def signatures(self) -> dict[str, Any]:
        """The model's signatures with their inputs and outputs, in the form of SignatureDef's JSON."""
        return with_retries(self._transport.signatures, self._retries)

    def versions(self) -> dict[int, str]:
        """The state of each version of the model: {1: "AVAILABLE"} when it can be asked."""
        return with_retries(self._transport.versions, self._retries)

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _predict(self, batch: list[Encoded]) -> list[ServedPrediction]:
        try:
            outputs = with_retries(lambda: self._attempt(batch), self._retries)
        except Refused as error:
            refusal = refusal_of(str(error), batch)
            if refusal and len(refusal.photos) == 1:
                raise Refused(f"{refusal.photos[0].name}: {self.address}: {refusal.reason}") from None
            if len(batch) == 1:
                raise Refused(f"{batch[0].name}: {error}") from None
            half = len(batch) // 2  # too many at once for this server, or one among them that is no photo to it
            return self._predict(batch[:half]) + self._predict(batch[half:])
        with self._told():
            return predictions_of(outputs, batch)

    def _attempt(self, batch: list[Encoded]) -> _Outputs:
        try:
            return self._transport.predict("serving_default", {"image_bytes": [photo.data for photo in batch]})
        except Refused as error:
            refusal = refusal_of(str(error), batch)
            if refusal and not refusal.photos:
                raise Unavailable(f"{self.address}: another caller's photo failed the batch of this request") from None
            raise

    def _probabilities(self, images: np.ndarray, outputs: _Outputs) -> tuple[np.ndarray, np.ndarray]:
        with self._told():
            scores = scores_of(outputs, len(images))
            masks = numbers(outputs, "masks", 4)
            expected = (*images.shape[:3], 1 + scores.shape[1])
            if masks.shape != expected or not ((masks >= 0) & (masks <= 1)).all():
                raise BadReply(f"masks {list(expected)} in [0, 1] are asked for, the answer's are {list(masks.shape)}")
        return masks.astype(np.float32), scores

    def _answers(self, signature: str, images: np.ndarray) -> Iterator[tuple[np.ndarray, _Outputs]]:
        """The parts that the array is sent in, each with its answer."""
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or 0 in images.shape:
            raise UserError(f"photos as an array are uint8 [B, H, W, 3], not {images.dtype} {list(images.shape)}")
        count = max(1, min(self._limits.batch_photos, self._limits.batch_bytes // images[0].nbytes))
        for start in range(0, len(images), count):
            yield from self._answers_of_part(signature, images[start : start + count])

    def _answers_of_part(self, signature: str, part: np.ndarray) -> Iterator[tuple[np.ndarray, _Outputs]]:
        try:
            yield part, with_retries(lambda: self._transport.predict(signature, {"images": part}), self._retries)
        except Refused:
            if len(part) == 1:
                raise
            half = len(part) // 2  # too many, or too many pixels, at once for this server
            yield from self._answers_of_part(signature, part[:half])
            yield from self._answers_of_part(signature, part[half:])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Puts the server's address before what is wrong with its answer."""
        try:
            yield
        except BadReply as error:
            raise BadReply(f"{self.address}: {error}") from None


def _transport(address: Address, timeouts: Timeouts, reply_bytes: int, trusted: str | None) -> Any:
    if address.is_grpc:
        from wsfcn_tf.serving.client.grpc_transport import GrpcTransport

        return GrpcTransport(address, timeouts, reply_bytes, trusted)
    from wsfcn_tf.serving.client.rest import RestTransport

    return RestTransport(address, timeouts, reply_bytes, trusted)
