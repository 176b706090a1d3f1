"""`predict --server`: the files and lines of `predict`, by a server."""

import subprocess
import sys

import numpy as np
import pytest
from loopback.grpc_end import serve_grpc
from loopback.model import Failure, Models
from loopback.rest import serve_rest
from loopback.toy import CLASSES, expected, photo, png, save_toy
from PIL import Image

from wsfcn_tf.__main__ import main
from wsfcn_tf.inference.outputs import describe, predict_jobs
from wsfcn_tf.inference.photos import named_photos
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import one_by_one


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "wsfcn"
    save_toy(folder / "1")
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(3):
        (folder / f"{seed}.png").write_bytes(png(photo(seed, 8 + seed)))
    (folder / "deep").mkdir()
    Image.fromarray(np.full((9, 9, 3), 20, np.uint8)).save(folder / "deep" / "dark.jpg")
    return folder


def toy(image):
    """The toy as a predictor of this process."""
    labels, scores = expected(image)
    return Prediction(labels, scores, np.eye(3, dtype=np.float32)[labels])


def files(folder):
    """All but the record, which says where masks come from."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "prediction.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def predict(url, photos, output):
    return main(["predict", "--server", url, "--output", str(output), *map(str, photos)])


@pytest.mark.parametrize("serve", [serve_rest, serve_grpc])
def test_the_same_files_and_lines_as_here(folder, photos, tmp_path, capsys, serve):
    here = tmp_path / "here"
    jobs = named_photos([photos], here)
    predict_jobs(one_by_one(toy), jobs, lambda found: describe(found, CLASSES), resume=False)
    lines = capsys.readouterr().out.splitlines()
    with serve(Models(folder)) as url:
        assert predict(f"{url}/v1/models/wsfcn/versions/1", [photos], tmp_path / "there") == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [*lines, f"4 masks and overlays: {tmp_path}/there"]
    assert f"{photos}/deep/dark.jpg: nothing found" in printed
    assert files(tmp_path / "there") == files(here)
    assert len(files(here)) == 8


def test_a_photo_that_cannot_be_read_or_is_refused_is_left_out(folder, photos, tmp_path, capsys):
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")

    def refuse():
        steps.pop() and (_ for _ in ()).throw(Failure("INVALID_ARGUMENT", "too many pixels"))

    steps = [False, True, False]
    with serve_rest(Models(folder, before=refuse)) as url:
        sent = [photos / "0.png", empty, photos / "1.png", photos / "2.png"]
        assert predict(url, sent, tmp_path / "out") == 2
    out, error = capsys.readouterr()
    assert f"{photos}/1.png: left out" in out
    assert "2 of 4 photos left out, all others done: " in error
    assert f"{empty}: the image file is empty" in error
    assert f"; {photos}/1.png: {url}/v1/models/wsfcn: 400: too many pixels\n" in error
    assert set(files(tmp_path / "out")) == {"0.png", "0_overlay.jpg", "2.png", "2_overlay.jpg"}


def test_a_server_that_fails_ends_it_at_once(folder, photos, tmp_path, capsys):
    calls = []

    def fail():
        calls.append(None)
        raise Failure("INTERNAL", "out of memory")

    with serve_rest(Models(folder, before=fail)) as url:
        assert predict(url, [photos], tmp_path / "out") == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {url}/v1/models/wsfcn: 500: out of memory"
    assert len(calls) == 1
    assert files(tmp_path / "out") == {}


def test_a_mask_that_is_turned_another_way(folder, tmp_path, capsys):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(0)).save(tmp_path / "a.jpg", exif=exif)
    with serve_rest(Models(folder)) as url:  # the toy turns nothing
        assert predict(url, [tmp_path / "a.jpg"], tmp_path / "out") == 2
    assert f"{tmp_path}/a.jpg: the server's mask is 16x12 and the photo 12x16" in capsys.readouterr().err


def test_a_server_s_masks_are_resumed(folder, photos, tmp_path, capsys):
    with serve_rest(Models(folder)) as url:
        assert predict(url, [photos], tmp_path) == 0
        (tmp_path / "1.png").unlink()
        capsys.readouterr()
        assert main(["predict", "--server", url, "--output", str(tmp_path), "--resume", str(photos)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "3 of 4 photos are done already"
    assert (tmp_path / "1.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "val"], "--save-probabilities need --weights"),
        (["--set", "inference.flip=true", "a.jpg"], "--save-probabilities need --weights"),
        (["--inference", "x.yaml", "a.jpg"], "--save-probabilities need --weights"),
        (["--save-probabilities", "a.jpg"], "--save-probabilities need --weights"),
        ([], "name photos or folders to predict"),
        (["gone.jpg"], "gone.jpg: no such photo or folder"),
    ],
)
def test_what_a_server_cannot_do(arguments, message, tmp_path, capsys):
    assert main(["predict", "--server", "http://localhost:1", "--output", str(tmp_path / "out"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_weights_or_a_server_but_not_both(tmp_path):
    for arguments in ([], ["--weights", "run", "--server", "http://localhost"]):
        with pytest.raises(SystemExit):
            main(["predict", "--output", str(tmp_path), "a.jpg", *arguments])


def test_rest_does_without_tensorflow(folder, photos, tmp_path):
    code = (
        "import sys\nfrom wsfcn_tf.__main__ import main\nstatus = main(sys.argv[1:])\n"
        "assert not {'tensorflow', 'keras', 'grpc'} & set(sys.modules)\nsys.exit(status)"
    )
    with serve_rest(Models(folder)) as url:
        arguments = ["predict", "--server", url, "--output", str(tmp_path), str(photos / "0.png")]
        subprocess.run([sys.executable, "-c", code, *arguments], check=True)
    assert (tmp_path / "0.png").is_file()
