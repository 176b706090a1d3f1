import pytest

from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.callbacks import UnreadablePhotos


@pytest.mark.parametrize("verbose", [0, 1])
def test_those_that_the_epochs_so_far_have_met_are_listed(tmp_path, capsys, verbose):
    run, bad_photos = RunFolder(tmp_path), BadPhotos()
    callback = UnreadablePhotos(run, bad_photos, images=5)
    callback.set_params({"verbose": verbose})
    callback.on_epoch_end(0)
    assert not run.bad_images.exists()
    bad_photos.add("a", "a: is torn", epoch=1)
    bad_photos.add("b", "b: is torn", epoch=2)  # photos are read ahead
    callback.on_epoch_end(1)
    assert run.bad_images.read_text() == "a\ta: is torn\n"
    line = f"1 of 5 photos cannot be read, others replace them: {run.bad_images}\n"
    assert capsys.readouterr().out == line * verbose
    assert callback.save(2) == 2 and run.bad_images.read_text() == "a\ta: is torn\nb\tb: is torn\n"
