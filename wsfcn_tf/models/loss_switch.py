"""When the mask loss joins."""

import keras


class LossSwitch(keras.callbacks.Callback):
    """Lets the mask loss join the classification loss from epoch `pretrain_epochs` on (counted from 0).

    Args:
        pretrain_epochs: how many epochs use the classification loss alone; the paper's is 7.
    """

    def __init__(self, pretrain_epochs: int) -> None:
        super().__init__()
        self.pretrain_epochs = pretrain_epochs

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Switches, and has the train function traced anew when it does."""
        wanted = epoch >= self.pretrain_epochs
        if self.model.self_supervision != wanted:
            self.model.self_supervision = wanted
            self.model.make_train_function(force=True)
            self.model.make_test_function(force=True)
