import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.masks.legend import Legend
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "dog")
TABLE = "class,red,green,blue\ndog,0,128,255\ncat,255,0,0\nignore,9,9,9\nbackground,1,1,1\n"
COLOURS = {(0, 128, 255): 2, (255, 0, 0): 1, (9, 9, 9): 255, (1, 1, 1): 0}


def legend(folder, text):
    (folder / "legend.csv").write_text(text, encoding="utf-8")
    return Legend(folder / "legend.csv", CLASSES)


def drawn(path, colours):
    image = Image.fromarray(np.array(colours, np.uint8))
    image.save(path)
    return path


@pytest.mark.parametrize(
    "text", [TABLE, "colour;class\n#0080ff;dog\n#FF0000;cat\n#090909;ignore\n#010101;background\n"]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_become_labels(tmp_path, text, mode):
    pixels = np.random.default_rng(0).integers(len(COLOURS), size=(5, 7))
    path = drawn(tmp_path / "mask.png", np.array(list(COLOURS))[pixels])
    with Image.open(path) as image:
        image.convert(mode, palette=Image.Palette.ADAPTIVE).save(path)
    mask = legend(tmp_path, text).read_mask(path)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, np.array(list(COLOURS.values()))[pixels])


def test_black_is_background_unless_it_is_something_else(tmp_path):
    path = drawn(tmp_path / "mask.png", [[[0, 0, 0], [255, 0, 0]]])
    assert legend(tmp_path, "class,colour\ncat,#ff0000\n").read_mask(path).tolist() == [[0, 1]]
    assert legend(tmp_path, "class,colour\ncat,#ff0000\ndog,#000000\n").read_mask(path).tolist() == [[2, 1]]
    with pytest.raises(UserError, match=r"colour #000000 \(row 0, column 0\) is not in"):
        legend(tmp_path, "class,colour\ncat,#ff0000\nbackground,#010101\n").read_mask(path)


def test_colour_without_meaning(tmp_path):
    path = drawn(tmp_path / "mask.png", [[[0, 0, 0], [0, 0, 0]], [[255, 0, 0], [254, 0, 0]]])
    with pytest.raises(UserError) as error:
        legend(tmp_path, TABLE.replace("1,1,1", "0,0,0")).read_mask(path)
    advice = "add it, or draw without smooth edges"
    expected = f"{path}: colour #fe0000 (row 1, column 1) is not in {tmp_path}/legend.csv: {advice}"
    assert str(error.value) == expected


def test_picture_of_16_bits(tmp_path):
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "mask.png")
    with pytest.raises(UserError, match=r"png: a colour mask has to be an RGB or palette PNG, but this one is I;16"):
        legend(tmp_path, TABLE).read_mask(tmp_path / "mask.png")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,red,green,blue\n", "line 1: there is no column 'class': the header has to be {wanted}"),
        ("class,red,green\ncat,1,2\n", "line 1: there is no column 'blue': the header has to be {wanted}"),
        ("class,red,green,blue\ncat,1,2\n", "line 2: not as many fields as the header has: mend the row"),
        ("class,red,green,blue\ncat,1,2,256\n", "line 2: '1,2,256' is no colour: write {forms}"),
        ("class,colour\ncat,red\n", "line 2: 'red' is no colour: write {forms}"),
        ("class,colour\ncat,#-fffff\n", "line 2: '#-fffff' is no colour: write {forms}"),
        ("class,colour\ncta,#000000\n", "line 2: tag 'cta' is not in the class list: did you mean 'cat'?"),
        (
            "class,colour\ncat,#000000\ndog,#000000\n",
            "line 3: colour #000000 is another class's, too: change one of them",
        ),
    ],
)
def test_mistakes(tmp_path, text, message):
    with pytest.raises(UserError) as error:
        legend(tmp_path, text)
    words = {"wanted": "class,red,green,blue or class,colour", "forms": "0 to 255 three times, or #rrggbb"}
    assert str(error.value) == f"{tmp_path}/legend.csv: {message.format(**words)}"
