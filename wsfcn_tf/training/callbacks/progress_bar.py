"""A progress bar of the whole training, and a line per epoch."""

from collections.abc import Sequence

import keras
from tqdm import tqdm

from wsfcn_tf.training.async_means import AsyncMeans


class ProgressBar(keras.callbacks.Callback):
    """Shows steps, the time that is left, and means; nothing with `verbose` 0.

    As a context, it ends its line when the training fails.

    Args:
        means: of our own loop, which knows the speed; None in `fit`.
        notes: lines to begin with.
    """

    def __init__(self, means: AsyncMeans | None = None, notes: Sequence[str] = ()) -> None:
        super().__init__()
        self._means, self._notes = means, notes
        self._bar: tqdm | None = None
        self._epoch = 0

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Prints the notes."""
        for note in self._notes if self.params["verbose"] else ():
            print(note)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Opens the bar before the first step, where that is in the training."""
        if self._bar is None:
            steps, epochs = self.params["steps"], self.params["epochs"]
            total, initial = (epochs * steps, self._epoch * steps + batch) if steps else (None, 0)
            shown = bool(self.params["verbose"])
            self._bar = tqdm(
                total=total, initial=initial, unit="step", dynamic_ncols=True, mininterval=1.0, disable=not shown
            )

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Counts a step, and shows the means so far."""
        self._bar.set_postfix(
            epoch=self._epoch + 1, **{name: f"{mean:.3f}" for name, mean in logs.items()}, refresh=False
        )
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Prints a line above the bar, and one for what validation has added to the logs."""
        if not self.params["verbose"]:
            return
        training = {name: mean for name, mean in logs.items() if not name.startswith("val_")}
        validation = {name.removeprefix("val_"): mean for name, mean in logs.items() if name not in training}
        speed = self._means.totals.speed() if self._means else None
        told = f"; {speed['images_per_second']:.1f} images/s, {speed['wait']:.1%} waiting for photos" if speed else ""
        tqdm.write(f"epoch {epoch + 1}: {_text(training)}{told}")
        if validation:
            tqdm.write(f"validation {epoch + 1}: {_text(validation)}")

    def on_train_end(self, logs: dict | None = None) -> None:
        """Ends the bar."""
        self.__exit__()


def _text(means: dict[str, float]) -> str:
    return ", ".join(f"{name} {mean:.4f}" for name, mean in means.items())
