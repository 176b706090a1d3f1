import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.masks.labelmap import read_labelmap
from wsfcn_tf.data.masks.legend import Legend
from wsfcn_tf.data.masks.sources import open_masks
from wsfcn_tf.data.photos.file_finder import FileFinder
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "traffic light")
# as CVAT 2 writes it for "Segmentation mask 1.1"
TEXT = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:250,50,83::\ntraffic light:51,221,255:lamp:on,off\n"
PIXELS = np.uint8([[[0, 0, 0], [250, 50, 83]], [[51, 221, 255], [0, 0, 0]]])


def written(folder, text):
    path = folder / "labelmap.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_lines(tmp_path):
    path = written(tmp_path, TEXT)
    assert read_labelmap(path) == [
        (f"{path}: line 2", "background", ["0", "0", "0"]),
        (f"{path}: line 3", "cat", ["250", "50", "83"]),
        (f"{path}: line 4", "traffic light", ["51", "221", "255"]),
    ]


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_it_is_a_legend(tmp_path, mode):
    image = Image.fromarray(PIXELS)
    image.convert(mode, palette=Image.Palette.ADAPTIVE).save(tmp_path / "a.png")
    mask = Legend(written(tmp_path, TEXT), CLASSES).read_mask(tmp_path / "a.png")
    assert mask.tolist() == [[0, 1], [2, 0]]


def test_grey_masks_hold_numbers_beside_it_as_without_it(tmp_path):
    written(tmp_path, TEXT)
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.uint8([[0, 1], [2, 255]])).save(tmp_path / "masks" / "a.png")
    Image.fromarray(PIXELS).save(tmp_path / "masks" / "b.png")
    masks = open_masks(tmp_path, tmp_path / "masks", CLASSES, FileFinder(tmp_path))
    assert masks.read("a").tolist() == [[0, 1], [2, 255]]
    assert masks.read("b").tolist() == [[0, 1], [2, 0]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cat", "'cat' is not CVAT's: write name:red,green,blue::"),
        ("cat:1,2::", "'cat:1,2::' is not CVAT's: write name:red,green,blue::"),
        (":1,2,3::", "':1,2,3::' is not CVAT's: write name:red,green,blue::"),
        ("cat:1,2,256::", "'1,2,256' is no colour: write 0 to 255 three times, or #rrggbb"),
        ("cta:1,2,3::", "tag 'cta' is not in the class list: did you mean 'cat'?"),
        ("traffic light:9,9,9::", "colour #090909 is another class's, too: change one of them"),
    ],
)
def test_mistakes(tmp_path, line, message):
    path = written(tmp_path, f"cat:9,9,9::\n\n{line}\n")
    with pytest.raises(UserError) as error:
        Legend(path, CLASSES)
    assert str(error.value) == f"{path}: line 3: {message}"
