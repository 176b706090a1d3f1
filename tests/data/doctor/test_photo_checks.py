from surveys import made_up, photo

from wsfcn_tf.data.doctor import photo_checks


def found(check, *arguments, **more):
    """(level, what, places) of what a check finds."""
    return [(finding.level, finding.what, finding.where) for finding in check(made_up(*arguments, **more))]


def test_unreadable():
    photos = {"a": photo(problem="why"), "b": photo(problem="how")}
    assert found(photo_checks.unreadable, photos=photos) == [("error", "2 photos cannot be read", ("why", "how"))]


def test_tiny():
    photos = {"a": photo(size=(31, 99)), "b": photo(size=(32, 32)), "c": photo(size=None)}
    expected = [("warning", "photos with a side under 32 pixels", ("a: 99x31",))]
    assert found(photo_checks.tiny, photos=photos) == expected


def test_unnamed():
    expected = [("note", "1 photo in the folder that no list name", ("x",))]
    assert found(photo_checks.unnamed, unnamed=("x",), layout="voc") == expected
    assert found(photo_checks.unnamed) == []


def test_in_two_splits_by_name_or_by_content():
    photos = {"b": photo(digest="same"), "d": photo(digest="same")}
    splits = {"train": "abc", "val": "cde", "test": "f"}
    expected = [("warning", "2 photos in both train and val", ("c", "b = d"))]
    assert found(photo_checks.in_two_splits, splits=splits, photos=photos) == expected


def test_splits_that_are_meant_to_overlap():
    splits = {"train": "ab", "val": "c", "trainval": "abc"}
    assert found(photo_checks.in_two_splits, splits=splits) == []
    expected = [("warning", "1 photo in both train_aug and val", ("c",))]
    assert found(photo_checks.in_two_splits, splits={"train": "a", "train_aug": "ac", "val": "c"}) == expected


def test_photos_that_cannot_be_read_are_not_alike():
    photos = {"a": photo(problem="why"), "b": photo(problem="why")}
    assert found(photo_checks.in_two_splits, splits={"train": "a", "val": "b"}, photos=photos) == []
    assert found(photo_checks.copies, splits={"train": "ab"}, photos=photos) == []


def test_copies():
    tags = {"a": ["cat"], "b": ["dog"], "c": ["cat", "dog"], "d": ["dog", "cat"]}
    photos = {name: photo(digest="one" if name in "ab" else "two") for name in "abcde"}
    splits = {"train": "abcd", "val": "e"}  # the tags of e are not known
    expected = [
        ("warning", "copies of a photo with different tags", ("a = b",)),
        ("note", "photos with the same pixels", ("c = d = e",)),
    ]
    assert found(photo_checks.copies, tags, splits, photos) == expected
