import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.errors import UserError
from wsfcn_tf.files.tables import read_table


def read(folder, content):
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    header, rows = read_table(path, "image")
    return header, list(rows)


EXPECTED = (["image", "tags"], [(2, ["a b.jpg", "cat;dog"]), (4, ["c.jpg", ""])])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_spreadsheets_write(tmp_path, separator, mark, end):
    lines = ["image|tags", 'a b.jpg|"cat;dog"', "|", "c.jpg|", ""]
    assert read(tmp_path, mark + end.join(lines).replace("|", separator)) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unicode_text_of_excel(tmp_path, encoding):
    lines = ["image|tags", 'a b.jpg|"cat;dog"', "|", "c.jpg|", ""]
    text = "\ufeff" + "\r\n".join(lines).replace("|", "\t")
    assert read(tmp_path, text.encode(encoding)) == EXPECTED


def test_blank_columns_at_the_right_and_spaces_before_quotes(tmp_path):
    assert read(tmp_path, 'image, tags,,\na b.jpg, "cat;dog",,\n\nc.jpg,,,\n') == EXPECTED


def test_too_many_and_too_few_fields_are_the_caller_s_to_judge(tmp_path):
    assert read(tmp_path, "image,tags\na\nb,,c\n")[1] == [(2, ["a"]), (3, ["b", "", "c"])]


def test_a_record_of_several_lines_has_the_first_one_s_number(tmp_path):
    assert read(tmp_path, 'image,tags\n"a\nb",x\nc,y\n')[1] == [(2, ["a\nb", "x"]), (4, ["c", "y"])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("image,,tags\n", "line 1: column 2 has no name: name it, or remove it"),
        ("image,tags,image\n", "line 1: column 'image' is there twice: remove one"),
        (
            'image,tags\na.jpg,"cat\nb.jpg,dog\n',
            "line 2: cannot be read as CSV (unexpected end of data): check the quotes",
        ),
        ("image,tags\na.jpg,Kühe\n".encode("latin-1"), "is not UTF-8 text: save it as UTF-8"),
        ("image,tags\n".encode("utf-32"), "is not UTF-8 text: save it as UTF-8"),
        ("image,tags\n".encode("utf-16")[:-1], "is not UTF-8 text: save it as UTF-8"),
    ],
)
def test_mistakes(tmp_path, content, message):
    with pytest.raises(UserError) as error:
        read(tmp_path, content)
    assert str(error.value) == f"{tmp_path}/table.csv: {message}"


@settings(max_examples=60)
@given(text=st.text(st.sampled_from('image,tgs;"\t\n\r \0\x85é'), max_size=40))
def test_any_text_is_a_table_or_a_mistake(tmp_path_factory, text):
    try:
        header, rows = read(tmp_path_factory.getbasetemp(), text)
    except UserError as error:
        assert "table.csv: " in str(error)
    else:
        assert all(header) and all(any(fields) for _, fields in rows)
