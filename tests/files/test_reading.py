from wsfcn_tf.files.reading import read_lines


def test_lines_without_blanks_and_byte_order_mark(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfone\r\n\r\n  two \n")
    assert read_lines(tmp_path / "list.txt") == ["one", "two"]
