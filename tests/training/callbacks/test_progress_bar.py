from types import SimpleNamespace

import pytest

from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.callbacks import ProgressBar


def progress_bar(verbose=1, means=None, **params):
    bar = ProgressBar(means, notes=["a note"])
    bar.set_params({"epochs": 3, "steps": 2, "verbose": verbose, **params})
    bar.on_train_begin()
    return bar


def train_an_epoch(bar, epoch=1, steps=(0, 1)):
    bar.on_epoch_begin(epoch)
    for step in steps:
        bar.on_train_batch_begin(step)
        bar.on_train_batch_end(step, {"loss": 0.5})
    bar.on_epoch_end(epoch, {"loss": 0.5, "kept": 1.0, "val_map": 0.25})


def test_a_line_per_epoch_and_one_for_its_validation(capsys):
    means = SimpleNamespace(totals=EpochTotals(images=10, seconds=4.0, waited=1.0))
    train_an_epoch(progress_bar(means=means))
    assert capsys.readouterr().out.splitlines() == [
        "a note",
        "epoch 2: loss 0.5000, kept 1.0000; 2.5 images/s, 25.0% waiting for photos",
        "validation 2: map 0.2500",
    ]


def test_the_bar_counts_the_steps_of_all_epochs(capsys):
    bar = progress_bar()
    train_an_epoch(bar, epoch=1, steps=[1])  # resumed after three of six steps
    bar.on_train_end()
    shown = capsys.readouterr().err
    assert "3/6" in shown and "4/6" in shown and "epoch=2" in shown and "loss=0.500" in shown


def test_fit_may_not_know_its_steps(capsys):
    train_an_epoch(progress_bar(steps=None))
    assert "epoch 2: loss 0.5000, kept 1.0000\n" in capsys.readouterr().out


def test_the_bar_ends_its_line_when_training_fails(capsys):
    with pytest.raises(ZeroDivisionError), progress_bar() as bar:
        bar.on_epoch_begin(0)
        bar.on_train_batch_begin(0)
        raise ZeroDivisionError
    assert capsys.readouterr().err.endswith("\n")


def test_silence(capsys):
    bar = progress_bar(verbose=0)
    train_an_epoch(bar)
    bar.on_train_end()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")
