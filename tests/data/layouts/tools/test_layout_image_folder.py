import pytest
from opened_layouts import opened, refused, shown
from written_layouts import photos, put


def test_folders_of_classes(tmp_path):
    photos(tmp_path, "cat", "a")
    photos(tmp_path, "dog/more", "b")
    photos(tmp_path, "background", "c")
    dataset, told = opened(tmp_path)
    words = "photos in folders of classes ('background', 'cat', 'dog')"
    assert told == [f"{tmp_path}: recognised as image_folder: {words}"]
    assert dataset.class_names == ("cat", "dog") and shown(dataset) == {"a": ("cat",), "b": ("dog",), "c": ()}


@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_splits(tmp_path, val):
    photos(tmp_path, "train/dog", "a")
    photos(tmp_path, "train/cat", "a")  # the same name in another folder
    photos(tmp_path, f"{val}/cat", "c")
    photos(tmp_path, "test/dog", "d")
    dataset, told = opened(tmp_path)
    assert told[0].partition(": recognised as ")[2].startswith("image_folder: folders of classes ('cat', 'dog') in ")
    assert dataset.splits() == ["train", "val", "test"] and dataset.class_names == ("cat", "dog")
    assert dataset.names("train") == ["train/cat/a.jpg", "train/dog/a.jpg"]
    assert dataset.names("val") == [f"{val}/cat/c.jpg"] and shown(dataset, "test") == {"d": ("dog",)}
    assert [dataset.tags(name).tolist() for name in dataset.names("train")] == [[1, 0], [0, 1]]


def test_what_is_no_folder_of_classes(tmp_path):
    photos(tmp_path, "train", "a")
    photos(tmp_path, "val", "b")
    assert "2 photos, and nothing that is known to say their tags" in refused(tmp_path)
    photos(tmp_path, "train/images", "a")
    assert "3 photos, and nothing that is known to say their tags" in refused(tmp_path)


def test_photos_outside_of_classes(tmp_path):
    photos(tmp_path, "train/cat", "a")
    photos(tmp_path, "train", "b")
    assert refused(tmp_path) == "ROOT/train/b.jpg: lies in no class's folder: move it into one, or away"


def test_two_folders_of_one_split(tmp_path):
    photos(tmp_path, "val/cat", "a")
    photos(tmp_path, "valid/cat", "b")
    assert refused(tmp_path) == "ROOT: has val/ and valid/, which are the same split: keep one"


def test_a_file_beside_the_folders_does_not_matter(tmp_path):
    photos(tmp_path, "cat", "a")
    photos(tmp_path, "dog", "b")
    put(tmp_path, "README.txt", "photos of pets")
    assert opened(tmp_path)[0].class_names == ("cat", "dog")
