"""The experiments that come along, listed and printed."""

from pathlib import Path

import pytest

from wsfcn_tf.__main__ import main
from wsfcn_tf.config.reading import load_config

ROOT = Path(__file__).parents[2]


def test_all_are_listed_with_what_they_are(capsys):
    assert main(["configs"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert set(rows) == {
        path.relative_to(ROOT / "configs").with_suffix("").as_posix() for path in ROOT.glob("configs/**/*.yaml")
    }
    assert rows["demo"] == "Generated scenes, six classes: the whole method on two CPU cores"
    assert all(len(row) > 20 for row in rows.values())


@pytest.mark.parametrize("name", ["demo", "configs/demo.yaml", "inference/flip"])
def test_one_is_printed_as_it_is(name, capsys):
    assert main(["configs", name]) == 0
    path = ROOT / "configs" / f"{name.removeprefix('configs/').removesuffix('.yaml')}.yaml"
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")


def test_what_is_printed_can_be_kept_and_used(tmp_path, capsys):
    main(["configs", "photos_small"])
    (tmp_path / "mine.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_config(tmp_path / "mine.yaml") == load_config("photos_small")


def test_there_is_no_such_config(capsys):
    assert main(["configs", "photo"]) == 2
    assert "photo: no such config comes with the package: there are coco2014, demo, " in capsys.readouterr().err
