"""Every layout of docs/data_layouts.md, recognised and read by itself; and what cannot be told."""

import json
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
from opened_layouts import opened, refused, shown
from written_layouts import CLASSES, FORMS, TAGS, coco, labelme, photos, put, write
from written_masks import MASK_FORMS

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.layouts.recognise import LAYOUTS, NATIVE
from wsfcn_tf.data.layouts.tools.tag_cells import SEPARATORS
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_recognised_and_read(tmp_path, form):
    write(tmp_path, form)
    dataset, told = opened(tmp_path)
    assert told[0].startswith(f"{tmp_path}: recognised as {FORMS[form][0]}: ")
    assert dataset.class_names == CLASSES
    assert shown(dataset) == TAGS
    assert dataset.splits() == ["train"]
    by_name, told = opened(tmp_path, FORMS[form][0])
    assert shown(by_name) == TAGS and not any(" recognised as " in line for line in told)


def test_what_is_not_there(tmp_path):
    write(tmp_path, "COCO")
    dataset, _ = opened(tmp_path)
    with pytest.raises(UserError, match=r"there is no split 'val' in what coco says: it has train$"):
        dataset.names("val")
    with pytest.raises(UserError, match=r"'x\.jpg' has no annotation: its tags are not known$"):
        dataset.tags("x.jpg")


def test_our_own_layouts(voc_root, tagged_root, tmp_path):
    assert isinstance(opened(voc_root)[0], VocFolder)
    dataset, told = opened(tagged_root)
    assert isinstance(dataset, TaggedFolder)
    assert told == [f"{tagged_root}: recognised as tagged: tagged photos, has tags.csv"]
    photos(tmp_path / "own", "cat", "a")
    photos(tmp_path / "own", "dog", "b")
    put(tmp_path, "own/val.txt", "cat/a.jpg\n")
    assert isinstance(opened(tmp_path / "own")[0], TaggedFolder)


def test_two_layouts_in_one_folder(tmp_path):
    photos(tmp_path)
    for name in "abcd":
        put(tmp_path, f"{name}.json", labelme(name))
    put(tmp_path, "instances.json", json.dumps(coco("abcd")))
    told = "coco (COCO's JSON ('instances.json')) or labelme (LabelMe's JSON ('a.json'))"
    assert refused(tmp_path) == f"ROOT: can be read as {told}: say which with data.format (--format)"
    assert shown(opened(tmp_path, "coco")[0]) == shown(opened(tmp_path, "labelme")[0]) == TAGS


def test_a_folder_for_evaluation_is_ours(tmp_path):
    photos(tmp_path)
    put(tmp_path, "classes.txt", "cat\ndog\n")
    (tmp_path / "masks").mkdir()
    write_mask(tmp_path / "masks" / "a.png", np.ones((20, 24), np.uint8))
    assert opened(tmp_path)[0].names("val") == ["a.jpg"]


def test_links_to_nothing_are_passed_over(tmp_path):
    write(tmp_path, "YOLO")
    for suffix in ("json", "xml", "csv", "yaml", "txt"):
        (tmp_path / f"nothing.{suffix}").symlink_to(tmp_path / "nowhere")
    assert shown(opened(tmp_path)[0]) == TAGS


def test_a_competitions_table_that_is_called_like_ours(tmp_path):
    photos(tmp_path)
    put(tmp_path, "tags.csv", "image_name,tags\na,cat\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("cat",)}
    put(tmp_path, "tags.csv", "photo,tags\na,cat\n")
    assert refused(tmp_path) == "ROOT/tags.csv: line 1: there is no column 'image': the header has to be image,tags"


def test_cvats_yolo_has_a_train_txt_as_ours_has(tmp_path):
    photos(tmp_path, "obj_train_data", "a")
    put(tmp_path, "obj_train_data/a.txt", "0 .5 .5 .1 .1\n")
    put(tmp_path, "obj.names", "cat\n")
    put(tmp_path, "train.txt", "data/obj_train_data/a.jpg\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("cat",)}


def test_class_folders_with_labelme_are_asked_about(tmp_path):
    photos(tmp_path, "cat", "a")
    photos(tmp_path, "dog", "b")
    put(tmp_path, "cat/a.json", labelme("a"))
    assert " can be read as image_folder (" in refused(tmp_path)
    put(tmp_path, "val.txt", "dog/b.jpg\n")  # which makes it ours
    assert " can be read as tagged (a folder for each class, has val.txt) or labelme (" in refused(tmp_path)


def test_cvats_masks_in_a_folder_that_can_be_vocs(tmp_path):
    write(tmp_path, "CVAT's segmentation masks")
    put(tmp_path, "classes.txt", "cat\ndog\n")
    assert " can be read as cvat_masks (" in refused(tmp_path)


def test_nothing_that_is_known(tmp_path):
    assert refused(tmp_path).startswith("ROOT: there is no photo in it: ")
    photos(tmp_path)
    assert refused(tmp_path).startswith("ROOT: 4 photos, and nothing that is known to say their tags: write a ")
    put(tmp_path, "instances.json", "{")
    assert refused(tmp_path).startswith("ROOT/instances.json: is not JSON")
    photos(tmp_path / "above", "below/images")
    assert refused(tmp_path / "above").startswith("ROOT: has nothing but below/: name that folder, or say what it is")


def test_a_class_list_gives_the_order_and_the_tags_that_are_allowed(tmp_path):
    write(tmp_path, "LabelMe")
    put(tmp_path, "classes.txt", "dog\ncow\ncat\n")
    assert opened(tmp_path)[0].class_names == ("dog", "cow", "cat")
    put(tmp_path, "classes.txt", "dogs\ncat\n")
    assert refused(tmp_path) == "ROOT/b.json: tag 'dog' is not in the class list: did you mean 'dogs'?"


def test_photos_without_annotation_are_left_out_and_told(tmp_path):
    write(tmp_path, "LabelMe")
    photos(tmp_path, "more", "x")
    dataset, told = opened(tmp_path)
    assert shown(dataset) == TAGS and told[1:] == [f"{tmp_path}: photos without an annotation, left out: 1"]


def test_nothing_but_negatives(tmp_path):
    photos(tmp_path, names="d")
    put(tmp_path, "d.json", labelme("d"))
    assert refused(tmp_path) == "ROOT: no photo has a tag: there is nothing to learn"


def test_the_page_names_each_form_and_the_config_each_layout():
    page = Path(__file__).parents[3] / "docs" / "data_layouts.md"
    rows = [line.split("|")[1:3] for line in page.read_text(encoding="utf-8").splitlines() if "| `" in line]
    described = {form.strip(): name.strip(" `") for form, name in rows}
    folders = {"ImageFolder": "image_folder", "ImageFolder, with splits": "image_folder"}  # of test_image_folder.py
    assert described == folders | {form: layout for form, (layout, _) in FORMS.items()}
    checked = (page.parent / "data_tests.md").read_text(encoding="utf-8")
    assert {form for form in (*FORMS, *folders) if f"\n| {form} | " not in checked} == set()
    assert {form for form in MASK_FORMS if f"`test_each_forms_masks[{form}]`" not in checked} == set()
    formats = get_args(get_type_hints(DataConfig)["format"])
    assert set(formats) - {"scenes", "tfds", "auto"} == {*NATIVE, *LAYOUTS}
    assert set(get_args(get_args(get_type_hints(DataConfig)["tag_separator"])[0])) == set(SEPARATORS)


def test_the_wrong_format_is_told_which_one_it_looks_like(tmp_path):
    for name in ("train/cat/1.jpg", "train/dog/2.jpg"):
        photos(tmp_path, f"{name.rpartition('/')[0]}/", name.rpartition("/")[2][0])
    assert refused(tmp_path, "voc").endswith(
        "; it looks like image_folder (folders of classes ('cat', 'dog') in train/), which data.format=auto reads"
    )
    put(tmp_path, "tags.csv", "image,tags\n")
    assert "it looks like tagged" not in refused(tmp_path, "tagged")
