import pytest
from opened_layouts import opened, refused, shown
from written_layouts import TAGS, photos, put, table, write


@pytest.mark.parametrize(
    ("column", "tags"),
    [("image_id", "tags"), ("image_name", "labels"), ("Image_Name", "Label"), ("filename", "breed"), ("id", "classes")],
)
def test_names_of_columns(tmp_path, column, tags):
    photos(tmp_path, "train")
    photos(tmp_path, "test", "x")
    put(tmp_path, "train.csv", table(f"{column},{tags}", "|"))
    put(tmp_path, "test.csv", f"{column}\nx\n")
    dataset, told = opened(tmp_path)
    assert told == [
        f"{tmp_path}: recognised as table: a table with photos' names ('train.csv')",
        f"{tmp_path}: train.csv: tags are parted by pipes",
        f"{tmp_path}: photos without an annotation, left out: 1",
    ]
    assert shown(dataset) == TAGS


@pytest.mark.parametrize("name", ["labels.csv", "labels.txt"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_tables_as_excel_saves_them(tmp_path, encoding, name):
    photos(tmp_path)
    text = table("image_id\ttägs", "|").replace(",", "\t").replace("\n", "\r\n")
    (tmp_path / name).write_bytes(text.encode(encoding))
    dataset, told = opened(tmp_path)
    assert shown(dataset) == TAGS and "recognised as table" in told[0]


def test_a_table_for_each_split_and_photos_of_the_same_name(tmp_path):
    for split, names in (("train", "ab"), ("val", "a")):
        photos(tmp_path, split, names)
        put(tmp_path, f"{split}/labels.csv", "filename,label\n" + "".join(f"{name}.jpg,{split}s\n" for name in names))
    dataset, _ = opened(tmp_path)
    assert dataset.names("val") == ["val/a.jpg"] and shown(dataset, "val") == {"a": ("vals",)}
    assert shown(dataset) == {"a": ("trains",), "b": ("trains",)}


def test_a_table_in_the_root_means_the_photos_of_its_own_split(tmp_path):
    for folder in ("train", "test"):
        photos(tmp_path, folder, "ab")
    put(tmp_path, "train.csv", "id,label\na,cat\nb.jpg,dog\n")
    assert opened(tmp_path)[0].names("train") == ["train/a.jpg", "train/b.jpg"]


def test_a_column_of_splits(tmp_path):
    photos(tmp_path)
    put(tmp_path, "labels.tsv", "image\tlabel\tsplit\na\tcat\ttrain\nb\tcat\tvalid\nc\tdog\ttest\n")
    dataset, _ = opened(tmp_path)
    assert [dataset.names(split) for split in ("train", "val", "test")] == [["a.jpg"], ["b.jpg"], ["c.jpg"]]
    put(tmp_path, "labels.tsv", "image\tlabel\tsplit\na\tcat\t3\n")
    assert refused(tmp_path) == "ROOT/labels.tsv: line 2: split '3' is none of train, val and test: call it so"


def test_words_parted_by_spaces_are_tags_only_if_they_are_tags_elsewhere(tmp_path):
    photos(tmp_path)
    put(tmp_path, "labels.csv", "id,label\na,hot dog\nb,cat\n")
    words = "tag 'hot dog' is one or several: say which with data.tag_separator (--tag-separator): space or none"
    assert refused(tmp_path) == f"ROOT/labels.csv: {words}"
    assert shown(opened(tmp_path, tag_separator="none")[0])["a"] == ("hot dog",)
    assert shown(opened(tmp_path, tag_separator="space")[0])["a"] == ("dog", "hot")
    put(tmp_path, "classes.txt", "hot dog\ncat\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("hot dog",), "b": ("cat",)}
    put(tmp_path, "classes.txt", "hot\ndog\ncat\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("hot", "dog"), "b": ("cat",)}


def test_two_characters_could_part_tags(tmp_path):
    photos(tmp_path)
    put(tmp_path, "labels.csv", 'id,label\na,"cow, dairy|cat"\n')
    words = "tags could be parted by comma or pipe: say which with data.tag_separator (--tag-separator)"
    assert refused(tmp_path) == f"ROOT/labels.csv: {words}"
    assert shown(opened(tmp_path, tag_separator="pipe")[0]) == {"a": ("cat", "cow, dairy")}


def test_numbers_are_no_tags_unless_they_are_listed(tmp_path):
    photos(tmp_path)
    put(tmp_path, "labels.csv", "id,label\na,0\nb,1\n")
    assert refused(tmp_path).startswith(
        "ROOT/labels.csv: its tags are numbers or answers ('0', '1'): write what they mean instead"
    )
    for label in ("a,3 0\nb,0\nc,3", "a,yes\nb,no", "a,True\nb,False"):
        put(tmp_path, "labels.csv", f"id,label\n{label}\n")
        assert ": its tags are numbers or answers (" in refused(tmp_path)
    put(tmp_path, "labels.csv", "id,label\na,0\nb,1\n")
    put(tmp_path, "classes.txt", "0\n1\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("0",), "b": ("1",)}


def test_lists_as_python_writes_them(tmp_path):
    photos(tmp_path)
    put(tmp_path, "labels.csv", "id,label\na,\"['cat', 'dog']\"\nb,[]\nc,\"[1]\"\n")
    assert refused(tmp_path) == "ROOT/labels.csv: line 4: '[1]' is no list of texts: mend it"
    put(tmp_path, "labels.csv", "id,label\na,\"['cat', 'dog']\"\nb,[]\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("cat", "dog"), "b": ()}


def test_a_row_without_a_mask_says_that_the_class_is_not_there(tmp_path):
    photos(tmp_path)
    put(tmp_path, "train.csv", "id,class,segmentation\na,cat,1 2\na,dog,\nb,dog,3 4\nc,cat,\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("cat",), "b": ("dog",), "c": ()}


def test_columns_that_could_both_hold_the_tags(tmp_path):
    photos(tmp_path)
    put(tmp_path, "labels.csv", "id,animal,place\na,cat,garden\n")
    words = "'animal', 'place' could hold the tags: say which with data.tag_column (--tag-column)"
    assert refused(tmp_path) == f"ROOT/labels.csv: line 1: {words}"
    assert shown(opened(tmp_path, tag_column="animal")[0]) == {"a": ("cat",)}
    words = "there is no column 'pet', which data.tag_column names"
    assert refused(tmp_path, tag_column="pet") == f"ROOT/labels.csv: line 1: {words}"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("x,cat", "there is no photo 'x' in ROOT"),
        ("a,cat,dog", "not as many fields as the header has: quote tags that are parted by commas"),
        ('a,"cat', "cannot be read as CSV (unexpected end of data): check the quotes"),
    ],
)
def test_mistakes(tmp_path, row, words):
    photos(tmp_path)
    put(tmp_path, "labels.csv", f"id,label\nb,cat\n{row}\n")
    assert refused(tmp_path) == f"ROOT/labels.csv: line 3: {words}"


def test_two_tables_of_one_split(tmp_path):
    write(tmp_path, "table, pipes")
    put(tmp_path, "more.csv", table("id,label", "|"))
    words = "ROOT/labels.csv and ROOT/more.csv are both tables of train: keep one, or name it after its split"
    assert refused(tmp_path) == words
