import argparse

import pytest

from wsfcn_tf.commands.annotation_options import (
    RUN_LENGTHS,
    TOOLS,
    add_annotation_options,
    annotation_options,
    annotation_record,
    check_annotation_options,
)
from wsfcn_tf.data.annotations.form import Options
from wsfcn_tf.data.annotations.forms import FORMS, WITH_RUN_LENGTHS
from wsfcn_tf.errors import UserError


def parsed(*arguments, server=None):
    parser = argparse.ArgumentParser()
    add_annotation_options(parser)
    return argparse.Namespace(**vars(parser.parse_args(list(arguments))), server=server)


def test_each_form_can_be_asked_for():
    assert (tuple(FORMS), WITH_RUN_LENGTHS) == (TOOLS, RUN_LENGTHS)


def test_masks_are_the_default_and_leave_the_record_as_it_was():
    arguments = parsed()
    check_annotation_options(arguments)
    assert arguments.write == "masks" and annotation_record(arguments) == {}


def test_options():
    assert annotation_options(parsed("--write", "coco")) == Options(1.0, False, "")
    arguments = parsed("--write", "label-studio", "--tolerance", "0", "--photo-prefix", "https://x/", "--with-photos")
    check_annotation_options(arguments)
    assert annotation_options(arguments) == Options(0.0, False, "https://x/")
    expected = {"write": "label-studio", "with_photos": True, "photo_prefix": "https://x/", "tolerance": 0.0}
    assert annotation_record(arguments) == expected
    assert annotation_record(parsed("--write", "cvat", "--rle"))["tolerance"] is None


WRONG = [
    (["--least-certain", "0"], "--least-certain must be at least 1, not 0"),
    (["--rle"], "--rle is for --write coco, cvat, label-studio: leave it out"),
    (["--write", "yolo", "--rle"], "--rle is for --write coco, cvat, label-studio: leave it out"),
    (["--tolerance", "1"], "--tolerance is for polygons, and there are none to write"),
    (["--write", "coco", "--rle", "--tolerance", "1"], "--tolerance is for polygons"),
    (["--write", "coco", "--tolerance", "nan"], "--tolerance must be a number of pixels, 0 or more, not nan"),
    (["--write", "coco", "--tolerance", "-1"], "--tolerance must be a number of pixels, 0 or more, not -1.0"),
    (["--with-photos"], "--with-photos is for annotations"),
    (["--write", "coco", "--photo-prefix", "x"], "--photo-prefix is for --write label-studio"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_does_not_agree(arguments, message):
    with pytest.raises(UserError) as error:
        check_annotation_options(parsed(*arguments))
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


@pytest.mark.parametrize("arguments", [["--write", "coco"], ["--least-certain", "3"]])
def test_a_server_has_neither_classes_nor_views(arguments):
    with pytest.raises(UserError, match=r"^--write and --least-certain need --weights"):
        check_annotation_options(parsed(*arguments, server="http://localhost:8501"))
