"""Files in stores: a folder of this machine behind a URL, and one that is memory."""

import os
import pickle
import uuid

import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.files.remote import Remote, is_url


@pytest.fixture(params=["file", "memory"])
def remote(request, tmp_path):
    place = {"file": f"file://{tmp_path}/store", "memory": f"memory://{uuid.uuid4().hex}/store"}
    return Remote(place[request.param] + "/")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.bin"
    path.write_bytes(b"whole")
    return path


def test_what_is_written_is_read_and_listed(remote, source, tmp_path):
    assert remote.names() == [] and not remote.url.endswith("/")
    for name in ("b/c/d.bin", "a.bin"):
        remote.write(name, source)
    assert remote.names() == ["a.bin", "b/c/d.bin"]
    assert remote.read("b/c/d.bin") == b"whole"
    remote.fetch("b/c/d.bin", tmp_path / "here" / "d.bin")
    assert (tmp_path / "here" / "d.bin").read_bytes() == b"whole"
    file = Remote(f"{remote.url}/a.bin")
    assert file.is_file() and file.read() == b"whole" and not remote.is_file()
    source.write_bytes(b"other")
    remote.write("a.bin", source)
    remote.delete("b/c/d.bin")
    remote.delete("b/c/d.bin")
    assert pickle.loads(pickle.dumps(remote)).names() == ["a.bin"] and remote.read("a.bin") == b"other"


def test_half_written_files_are_not_there(tmp_path, source):
    remote = Remote(f"file://{tmp_path}/store")
    remote.write("a/b.bin", source)
    (tmp_path / "store" / "a" / f".partial-{os.getpid()}-c.bin").write_bytes(b"ha")
    assert remote.names() == ["a/b.bin"]


def test_what_is_not_there(remote, tmp_path):
    for ask in (lambda: remote.read("no.jpg"), lambda: remote.fetch("no.jpg", tmp_path / "no.jpg")):
        with pytest.raises(UserError, match=f"^{remote.url}/no.jpg: there is no such file$"):
            ask()
    assert not (tmp_path / "no.jpg").exists() and not list(tmp_path.glob(".partial-*"))


def test_a_store_that_refuses(remote, source, monkeypatch):
    def refuse(*arguments, **options):
        raise RuntimeError("Access Denied\nand more")

    for method in ("put_file", "cat_file", "find", "info"):
        monkeypatch.setattr(type(remote._system), method, refuse)
    for ask in (lambda: remote.write("a.bin", source), lambda: remote.read("a.bin")):
        with pytest.raises(UserError, match=f"^{remote.url}/a.bin: cannot be reached: Access Denied$"):
            ask()
    for ask in (remote.names, remote.is_file):  # which is not to say that there is nothing
        with pytest.raises(UserError, match=f"^{remote.url}: cannot be reached: Access Denied$"):
            ask()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nowhere://a/b", "no file system for it: Protocol not known: nowhere"),
        ("s3://bucket/a", r"a package is missing \(Install s3fs .*\): pip install fsspec s3fs, or gcsfs"),
    ],
)
def test_no_such_store(url, told, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(UserError, match=f"^{url}: {told}$"):
        Remote(url)


def test_urls():
    assert is_url("s3://a/b") and not is_url("a/b") and not is_url("/c:/d")
