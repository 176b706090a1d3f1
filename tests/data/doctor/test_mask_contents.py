"""From masks that say nothing about classes to the line that mends it, pasted."""

import shlex
import subprocess

import numpy as np
import pytest
from PIL import Image
from small_photos import save_photo

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.reading import override
from wsfcn_tf.data.doctor import examine, survey
from wsfcn_tf.data.doctor.mask_contents import legend_to_paste, stored_in

SQUARE = np.zeros((48, 64), np.uint8)
SQUARE[8:30, 10:40] = 1
THREE = np.where(np.arange(64) > 30, 128, 255).astype(np.uint8) * SQUARE


@pytest.fixture
def folder(tmp_path):
    for seed, name in enumerate("ab"):
        save_photo(tmp_path / f"{name}.jpg", seed, size=SQUARE.shape)
    (tmp_path / "tags.csv").write_text("image,tags\na,cat\nb,\n")
    (tmp_path / "masks").mkdir()
    return tmp_path


def errors(folder, **more):
    findings = examine(survey(folder, workers=2, progress=False, **more))
    return [finding for finding in findings if finding.level == "error"]


def draw(folder, values, suffix="png", mode="L", name="a"):
    image = Image.fromarray(np.asarray(values))
    (image if mode is None else image.convert(mode)).save(folder / "masks" / f"{name}.{suffix}")


MASKS = {
    "0 and 255": (255 * SQUARE, "png", "L"),
    "JPEG": (255 * SQUARE, "jpg", "L"),
    "RGB JPEG": (255 * SQUARE, "jpg", "RGB"),
    "grey as RGB": (255 * SQUARE, "png", "RGB"),
    "bits": (255 * SQUARE, "png", "1"),
    "0, 128 and 255": (THREE, "png", "L"),
    "16 bits": (1000 * SQUARE.astype(np.uint16), "png", None),
}


@pytest.mark.parametrize("kind", MASKS)
def test_the_setting_that_doctor_proposes_mends_it(folder, kind):
    draw(folder, *MASKS[kind])
    (error,) = errors(folder)
    before, _, setting = error.advice.partition("--set ")
    assert before
    values = override(ExperimentConfig(), shlex.split(setting)).data.mask_values
    assert values[0] == "background" and "cat" in values.values()
    found = survey(folder, workers=1, progress=False, mask_values=values)
    assert (found.masks["a.jpg"].problem, found.masks["a.jpg"].classes) == (None, {"cat"})
    assert errors(folder, mask_values=values) == []


def test_the_legend_that_doctor_proposes(folder):
    colours = np.uint8([[0, 0, 0], [250, 50, 83]])[SQUARE]
    draw(folder, colours, mode=None)
    (error,) = errors(folder)
    command = error.advice.partition("mean: ")[2]
    assert command == f"printf 'class,colour\\nCLASS,#fa3253\\n' > {folder}/legend.csv"
    subprocess.run(["sh", "-c", command.replace("CLASS", "cat")], check=True)
    assert errors(folder) == []
    draw(folder, 255 - colours, mode=None)
    (error,) = errors(folder)  # and does not write over a legend
    assert error.advice == "mend them, or take the photos out of the list"


def test_masks_that_are_right_beside_wrong_ones_are_no_reason_for_a_setting(folder):
    draw(folder, SQUARE)
    draw(folder, THREE, name="b")
    (error,) = errors(folder)
    assert error.advice == "mend them, or take the photos out of the list"


def test_files_of_classes_are_no_orphans(folder):
    for name in ("a_cat", "a_dgo", "c_cat"):
        draw(folder, 255 * SQUARE, name=name)
    found = survey(folder, workers=1, progress=False)
    assert found.masks["a.jpg"].classes == {"cat"} and found.splits["val"] == ("a.jpg",)
    assert found.orphans == (f"{folder}/masks/a_dgo.png", f"{folder}/masks/c_cat.png")
    draw(folder, SQUARE)  # a.png, the whole mask
    assert len(survey(folder, workers=1, progress=False).orphans) == 3


def test_what_is_stored(tmp_path):
    path = tmp_path / "a.png"
    nothing = (frozenset(), frozenset())
    Image.fromarray(np.arange(100, dtype=np.uint8)[None]).save(path)  # a gradient
    assert stored_in(path) == nothing
    path.write_bytes(b"no picture")
    assert stored_in(path) == stored_in(None) == stored_in(tmp_path / "a.json") == nothing


def test_legend_of_an_odd_path(tmp_path):
    path = tmp_path / "it's" / "legend.csv"
    path.parent.mkdir()
    subprocess.run(["sh", "-c", legend_to_paste({"#ffffff", "#000000"}, path)], check=True)
    assert path.read_text() == "class,colour\nCLASS,#ffffff\n"
