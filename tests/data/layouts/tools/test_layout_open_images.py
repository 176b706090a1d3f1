import pytest
from opened_layouts import opened, refused, shown
from written_layouts import TAGS, photos, put, write

LABELS = "train-annotations-human-imagelabels.csv"


def test_splits_boxes_and_photos_that_are_not_there(tmp_path):
    write(tmp_path, "Open Images")
    photos(tmp_path, "validation", "x")
    boxes = (
        "ImageID,Source,LabelName,Confidence,XMin\nx,xclick,/m/cow,1,0.5\nx,xclick,/m/cow,1,0.6\ny,xclick,/m/cat,1,0\n"
    )
    put(tmp_path, "validation-annotations-bbox.csv", boxes)
    dataset, told = opened(tmp_path)
    assert shown(dataset) == TAGS and shown(dataset, "val") == {"x": ("cow",)}
    assert dataset.class_names == ("cat", "cow", "dog")
    assert told[1:] == [f"{tmp_path}: photos that the tables name and that are not there: 1"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            "a,x,/m/cat,0.7",
            "Confidence '0.7' is neither 0 nor 1: take the labels that people verified, not the machine's",
        ),
        ("a,x,/m/cat,", "Confidence '' is neither 0 nor 1: take the labels that people verified, not the machine's"),
        ("a,x,/m/none,1", "what '/m/none' means is not in a class-descriptions table: add that"),
        ("a,x", "not as many fields as the header has: mend the row"),
    ],
)
def test_mistakes(tmp_path, row, words):
    write(tmp_path, "Open Images")
    put(tmp_path, LABELS, f"ImageID,Source,LabelName,Confidence\n{row}\n")
    assert refused(tmp_path) == f"ROOT/{LABELS}: line 2: {words}"


def test_photos_of_one_name(tmp_path):
    write(tmp_path, "Open Images")
    photos(tmp_path, "images/more", "a")
    assert refused(tmp_path) == "ROOT/images/more/a.jpg: images/a.jpg has the same name: keep one"
