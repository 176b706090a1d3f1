import numpy as np
import pytest
from PIL import Image
from small_photos import save_photo

from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.data.masks.sources import open_masks
from wsfcn_tf.data.photos.file_finder import FileFinder
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "dog", "black cat")


@pytest.fixture
def root(tmp_path):
    for name in ("a", "b/é", "c"):
        save_photo(tmp_path / f"{name}.jpg", size=(2, 3))
    (tmp_path / "masks" / "b").mkdir(parents=True)
    return tmp_path


def opened(root):
    return open_masks(root, root / "masks", CLASSES, FileFinder(root))


def draw(root, name, values, mode="L", **options):
    image = Image.fromarray(np.uint8(values))
    (image if mode == "L" else image.convert(mode)).save(root / "masks" / name, **options)


def test_binary_files_of_every_kind(root):
    draw(root, "a_cat.png", [[0, 255, 0], [0, 0, 0]])
    draw(root, "a_dog.png", [[0, 0, 0], [1, 0, 0]])
    draw(root, "a_black cat.tif", [[0, 0, 255], [0, 0, 0]], "1")
    draw(root, "a_ignore.png", [[0, 0, 0], [0, 0, 255]], "RGB")
    masks = opened(root)
    assert masks.read("a.jpg").tolist() == [[0, 1, 3], [2, 0, 255]]
    assert masks.path_of("a").parent == root / "masks"
    assert masks.path_of("c.jpg") is None


def test_accents_and_folders(root):
    draw(root, "b/e\u0301_dog.png", [[7, 7, 7], [0, 0, 0]])
    assert opened(root).read("b/é.jpg").tolist() == [[2, 2, 2], [0, 0, 0]]


def test_smaller_areas_lie_on_top_and_ignore_on_all(root):
    draw(root, "a_dog.png", [[255, 0, 0], [255, 0, 0]])
    draw(root, "a_cat.png", [[255, 255, 255], [255, 255, 255]])
    assert opened(root).read("a").tolist() == [[2, 1, 1], [2, 1, 1]]
    draw(root, "a_ignore.png", [[255, 255, 255], [0, 0, 0]])
    assert opened(root).read("a").tolist() == [[255, 255, 255], [2, 1, 1]]


def test_a_file_of_what_to_ignore_alone_is_no_mask(root):
    draw(root, "a_ignore.png", [[255, 255, 255], [0, 0, 0]])
    assert opened(root).path_of("a") is None


def test_a_file_of_the_photos_own_name_is_the_mask(root):
    draw(root, "a_cat.png", [[255, 255, 255], [255, 255, 255]])
    write_mask(root / "masks" / "a.png", np.full((2, 3), 2, np.uint8))
    assert (opened(root).read("a") == 2).all()


def test_a_photo_whose_name_ends_in_a_class(root):
    """a_cat.png is the mask of a_cat.jpg, as ever, and no file of a.jpg."""
    save_photo(root / "a_cat.jpg")
    write_mask(root / "masks" / "a_cat.png", np.full((2, 3), 1, np.uint8))
    masks = opened(root)
    assert masks.path_of("a") is None and (masks.read("a_cat") == 1).all()


def test_a_name_with_two_meanings(root):
    save_photo(root / "a_black.jpg")
    draw(root, "a_black_cat.png", np.zeros((2, 3)))
    draw(root, "a_cat.png", np.zeros((2, 3)))
    masks = open_masks(root, root / "masks", ("cat", "black_cat"), FileFinder(root))
    with pytest.raises(UserError) as error:
        masks.read("a")
    assert masks.path_of("c") is None  # which has nothing to do with it
    either = "'cat' in 'a_black' or 'black_cat' in 'a'"
    assert str(error.value) == f"{root}/masks/a_black_cat.png: can be {either}: rename the photos or the class"


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([[0, 128, 255]] * 2, {}, "holds 0, 128, 255, but a class's own mask 0 and one other value: draw it without"),
        ([[0, 255]] * 2, {}, "is 2x2 pixels, but a_dog.png 3x2: draw them again in the photo's size"),
        ([[0, 0, 255]] * 2, {"format": "JPEG"}, "is a JPEG, which does not keep values: save a class's own mask as a"),
    ],
)
def test_mistakes(root, values, options, message):
    draw(root, "a_dog.png", np.zeros((2, 3)))
    draw(root, "a_black cat.png", values, **options)
    with pytest.raises(UserError) as error:
        opened(root).read("a")
    assert str(error.value).startswith((f"{root}/masks/a_black cat.png: {message}", f"{root}/masks/a_dog.png: is 3x2"))


def test_two_files_of_one_class(root):
    draw(root, "a_dog.png", np.zeros((2, 3)))
    draw(root, "a_dog.tif", np.zeros((2, 3)))
    with pytest.raises(UserError, match=r"a_dog.png and \S+/a_dog.tif are the same mask: remove one of them$"):
        opened(root).path_of("a")
