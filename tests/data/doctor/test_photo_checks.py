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
