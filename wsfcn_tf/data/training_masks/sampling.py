"""How many photos with masks each batch has: `data.mask_share`."""

import numpy as np

from wsfcn_tf.errors import UserError

_KEY = "data.mask_share"


def masks_per_batch(share: float, has_mask: np.ndarray, batch_size: int) -> int:
    """How many photos of a batch have a mask; all where every photo has one.

    Args:
        share: as `data.mask_share`.
        has_mask: bool [N], which training photos have one.
        batch_size: photos of a batch.

    Raises:
        UserError: no photo has a mask, or the share of a batch is less than half a photo.
    """
    count = round(share * batch_size)
    if not has_mask.any():
        raise UserError(f"{_KEY} is {share}, but no training photo has a mask: leave it out, or add masks")
    if count == 0:
        raise UserError(f"{_KEY} is {share}, which of a batch of {batch_size} is no photo: raise it, or leave it out")
    return batch_size if has_mask.all() else count


def order_with_share(
    rng: np.random.Generator, has_mask: np.ndarray, steps: int, batch_size: int, count: int
) -> np.ndarray:
    """An epoch's order in which each batch has so many photos with masks, at random places.

    Photos with masks and those without each take turns; when all of a kind have had theirs, they begin anew.

    Args:
        rng: source of randomness.
        has_mask: bool [N].
        steps: batches of the epoch.
        batch_size: photos of a batch.
        count: of `masks_per_batch`.

    Returns:
        int64 [steps * batch_size]: index + N * (how often the photo was there before in this epoch).
    """

    def turns(photos: np.ndarray, per_batch: int) -> np.ndarray:
        number = steps * per_batch
        rounds = range(-(-number // max(len(photos), 1)) if number else 0)
        drawn = [rng.permutation(photos) + len(has_mask) * turn for turn in rounds]
        return np.concatenate([*drawn, np.empty(0, np.int64)])[:number].reshape(steps, per_batch).astype(np.int64)

    with_mask, without = np.flatnonzero(has_mask), np.flatnonzero(~has_mask)
    both = np.concatenate([turns(with_mask, count), turns(without, batch_size - count)], axis=1)
    return rng.permuted(both, axis=1).reshape(-1)
