"""What each term of the losses does to a class by how much of its photo it covers, where its mask is right.

    python -m benchmarks.small_things

A map of logits of 28x28, as that of a crop of 224 pixels, with one tagged class: within the thing its mask is 0.95,
elsewhere 0.01 or 0.001. Photo and thing are made up, the terms are those of training, the loss is that of one class.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from benchmarks.measure import where
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.losses import classification_loss
from wsfcn_tf.models.decoder.pooling import GlobalWeightedPooling
from wsfcn_tf.objective.losses import pixel_losses

_SIDE, _INSIDE, _OUTSIDE = 28, 0.95, (0.01, 0.001)
_SHARES = (0.01, 0.05, 0.25, 0.5)
_NO_FOCAL = 1.0  # (1 - m)^3 log(1 + m) is below 0.1
_SCORES = (
    "share",
    "mask elsewhere",
    "pooled logits",
    "focal term",
    "score",
    "sigmoid",
    "loss",
    "loss of twice the area",
)
_PULLS = ("share", "focal term", "a pixel within the thing", "an undecided pixel", "a pixel elsewhere")
_MASKS = ("share", "class_balance", "weight of a thing's pixel / a background's", "the thing's share of the loss")


def main() -> None:
    """Prints three tables: scores, where the classification loss pulls, and the mask loss's weights."""
    print(where())
    print("\n" + markdown_table(_SCORES, [_scores(share, outside) for share in _SHARES for outside in _OUTSIDE]))
    pulls = [_pulls(share, lambda_) for share in _SHARES for lambda_ in (0.01, _NO_FOCAL)]
    print("\n" + markdown_table(_PULLS, pulls))
    print("\n" + markdown_table(_MASKS, [_weights(share, power) for share in _SHARES for power in (1.0, 0.5, 0.0)]))


def _thing(share: float) -> np.ndarray:
    """Bool [28, 28], row by row: where it lies plays no part."""
    return (np.arange(_SIDE**2) < round(share * _SIDE**2)).reshape(_SIDE, _SIDE)


def _logits(thing: np.ndarray, outside: float = _OUTSIDE[0]) -> tf.Tensor:
    """float32 [1, 28, 28, 2]; the background's is 1, as the network's."""
    own = 1.0 + np.log([outside / (1 - outside), _INSIDE / (1 - _INSIDE)])[thing.astype(int)]
    return tf.constant(np.stack([np.ones_like(own), own], axis=-1)[None], tf.float32)


def _score(logits: tf.Tensor, focal_lambda: float) -> tf.Tensor:
    return GlobalWeightedPooling(focal_lambda)([logits, tf.nn.softmax(logits)])


def _loss(score: tf.Tensor) -> tf.Tensor:
    return classification_loss(score, tf.ones_like(score))[0]


def _scores(share: float, outside: float) -> tuple[str, ...]:
    logits = _logits(_thing(share), outside)
    score = _score(logits, 0.01)
    size = tf.reduce_mean(tf.nn.softmax(logits)[..., 1])
    focal = (1 - size) ** 3 * tf.math.log(0.01 + size)
    swollen = _loss(_score(_logits(_thing(2 * share), outside), 0.01))
    numbers = (score[0, 0] - focal, focal, score[0, 0], tf.sigmoid(score)[0, 0], _loss(score), swollen)
    return (f"{share:.0%}", f"{outside:g}", *(f"{float(number):.2f}" for number in numbers))


def _pulls(share: float, focal_lambda: float) -> tuple[str, ...]:
    """How much the loss's negative gradient raises the class's logit at a pixel, times 1000; one has a mask of 0.5."""
    logits = _logits(_thing(share)).numpy()
    logits[0, -1, -1] = 1.0
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = _loss(_score(logits, focal_lambda))
    pull = -1000 * tape.gradient(loss, logits)[0, ..., 1].numpy()
    focal = "as in the release" if focal_lambda < _NO_FOCAL else "none"
    return (f"{share:.0%}", focal, *(f"{pull[pixel]:.2f}" for pixel in ((0, 0), (-1, -1), (-1, 0))))


def _weights(share: float, power: float) -> tuple[str, ...]:
    """Of right pseudo labels, for a network that says nothing yet: all logits are alike."""
    thing = _thing(share)
    labels = tf.one_hot(thing.astype(int), 2)[None]
    losses = pixel_losses(tf.zeros_like(labels), labels, power)[0].numpy()
    ratio = losses[thing].mean() / losses[~thing].mean()
    return (f"{share:.0%}", f"{power:g}", f"{ratio:.1f}", f"{losses[thing].sum() / losses.sum():.0%}")


if __name__ == "__main__":
    main()
