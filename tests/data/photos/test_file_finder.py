import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.data.photos.file_finder import FileFinder, no_photo, stem_of, walk_files
from wsfcn_tf.errors import UserError

NFC, NFD = (unicodedata.normalize(form, "größe/é.jpg") for form in ("NFC", "NFD"))


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_with_and_without_suffix(tmp_path):
    touch(tmp_path, "a.png", "b.jpg", "b.jpeg", "C.JPG", "d.jpg/not a file")
    find = FileFinder(tmp_path).find
    assert find("a") == "a.png"
    assert find("b.jpeg") == "b.jpeg"
    assert find("C.JPG") == find("C") == "C.JPG"
    assert find("a.jpg") is None
    assert find("d") is None and find("d.jpg") is None
    with pytest.raises(UserError) as error:
        find("b")
    assert str(error.value) == f"{tmp_path}: 'b' can be b.jpeg or b.jpg: remove one of them"


def test_of_a_phones_photo_in_two_formats_the_usual_one_is_meant(tmp_path):
    touch(tmp_path, "a.HEIC", "a.JPG", "b.tif", "b.webp", "c.avif")
    find = FileFinder(tmp_path).find
    assert (find("a"), find("a.HEIC"), find("c")) == ("a.JPG", "a.HEIC", "c.avif")
    with pytest.raises(UserError, match=r"'b' can be b.tif or b.webp: remove one of them$"):
        find("b")
    with pytest.raises(UserError, match=r"'a' can be a.HEIC or a.JPG: remove one of them$"):
        FileFinder(tmp_path, rather=()).find("a")


def test_a_name_with_one_of_the_rarer_suffixes_may_lack_its_own(tmp_path):
    """A scan that was converted: scan.tif.jpg; but scan.jpg is no scan.jpg.png."""
    touch(tmp_path, "scan.tif.jpg", "scan.jpg.png")
    find = FileFinder(tmp_path).find
    assert (find("scan.tif"), find("scan.jpg")) == ("scan.tif.jpg", None)


def test_folders_in_every_spelling(tmp_path):
    touch(tmp_path, "photos/a b/c.jpg", "elsewhere/d.png")
    find = FileFinder(tmp_path / "photos").find
    for name in ("a b/c.jpg", "./a b/c", "a b//c.jpg", "a b\\c.jpg", ".\\a b\\c"):
        assert find(name) == "a b/c.jpg"
    assert find("../elsewhere/d") == "../elsewhere/d.png"
    assert find(f"{tmp_path}/elsewhere/d.png") == f"{tmp_path}/elsewhere/d.png"


@pytest.mark.parametrize(("written", "on_disk"), [(NFC, NFD), (NFD, NFC), (NFC, NFC), (NFD, NFD)])
def test_accents_composed_or_not(tmp_path, written, on_disk):
    touch(tmp_path, on_disk)
    find = FileFinder(tmp_path).find
    assert NFC != NFD
    assert find(written) == find(written.removesuffix(".jpg")) == on_disk


def test_of_two_names_that_look_alike_the_exact_one_is_found(tmp_path):
    touch(tmp_path, NFC, unicodedata.normalize("NFC", "größe/") + unicodedata.normalize("NFD", "é.jpg"))
    assert FileFinder(tmp_path).find(NFC) == NFC


@settings(max_examples=50)
@given(name=st.text(max_size=20))
def test_any_name_is_there_or_not(tmp_path_factory, name):
    """Whatever the name is, such as one with a NUL or too long for the disk."""
    finder = FileFinder(tmp_path_factory.getbasetemp())
    assert finder.find(name + "/x.jpg") is None
    assert finder.find("x" * 500 + name + "/é.jpg") is None


def test_walk(tmp_path):
    touch(tmp_path, "b.jpg", "a/2.PNG", "a/1.jpeg", "a/notes.txt", ".thumbs/x.jpg", "a/._1.jpeg", "masks/b.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    photos = ["a/1.jpeg", "a/2.PNG", "b.jpg", "linked/1.jpeg", "linked/2.PNG"]
    assert list(walk_files(tmp_path, ("masks",))) == photos


def test_words_and_stems():
    assert no_photo("a.jpg", "DIR") == "there is no photo 'a.jpg' in DIR"
    assert no_photo("a.NEF", "DIR").endswith(
        "in DIR: photos have to be .jpg, .jpeg, .png, .jfif, .mpo, .webp, .avif, "
        ".heic, .heif, .bmp, .tif, .tiff, .gif: convert it"
    )
    assert [stem_of(name) for name in ("a/b.c.JPG", "b.c", "d")] == ["a/b.c", "b.c", "d"]
