import pytest

from wsfcn_tf.config import DataConfig, ScenesConfig
from wsfcn_tf.data.datasets.dataset import open_dataset
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.errors import UserError


def test_formats(voc_root, tagged_root):
    scenes = open_dataset(DataConfig(format="scenes", scenes=ScenesConfig(train=3)))
    assert isinstance(scenes, Scenes) and len(scenes.names("train")) == 3
    assert isinstance(open_dataset(DataConfig(format="voc", root=str(voc_root))), VocFolder)
    assert isinstance(open_dataset(DataConfig(format="tagged", root=str(tagged_root))), TaggedFolder)


@pytest.mark.parametrize("form", ["voc", "tagged"])
def test_given_classes_are_those_of_a_folder_that_says_nothing(voc_root, tagged_root, form):
    root = {"voc": voc_root, "tagged": tagged_root}[form]
    config = DataConfig(format=form, root=str(root))
    given = ("sheep", "dog", "cat")
    if form == "voc":
        assert open_dataset(config, given).class_names == ("cat", "dog", "sheep")
        (root / "classes.txt").unlink()
    assert open_dataset(config, given).class_names == given


def test_folder_not_set():
    with pytest.raises(UserError) as error:
        open_dataset(DataConfig(format="voc"))
    assert str(error.value) == "data.root is not set: name the data folder, for example --set data.root=/path/to/folder"


def test_folder_missing(tmp_path):
    with pytest.raises(UserError) as error:
        open_dataset(DataConfig(format="tagged", root=str(tmp_path / "photos")))
    assert str(error.value) == f"data.root: there is no folder {tmp_path}/photos"
