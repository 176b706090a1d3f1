import re
from dataclasses import asdict

import keras
import pytest

from wsfcn_tf.commands.report_settings import report_page, report_settings
from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.errors import UserError


def test_sections_become_lines():
    source = {"weights": "runs/mine", "inference": asdict(InferenceConfig(scales=(1.0, 0.5), flip=True))}
    lines = report_settings(source | {"parameters": 137_100_000, "root": None})
    assert lines["weights"] == "runs/mine"
    assert (lines["inference.scales"], lines["inference.flip"]) == ("1.0, 0.5", "yes")
    assert lines["parameters"] == "137,100,000"
    assert lines["root"] == "None"
    assert list(lines)[-2:] == ["date", "versions"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", lines["date"])
    assert f"keras {keras.__version__}" in lines["versions"]


@pytest.mark.parametrize(("iterations", "says_more"), [(0, False), (10, True)])
def test_the_crfs_parameters_are_told_if_there_is_one(iterations, says_more):
    source = {"inference": asdict(InferenceConfig(crf=CRFConfig(iterations=iterations)))}
    lines = report_settings(source)
    assert lines["inference.crf.iterations"] == str(iterations)
    assert ("inference.crf.bilateral_sxy" in lines) == says_more


def test_the_page(tmp_path):
    assert report_page(None) is None
    assert report_page(str(tmp_path)) == tmp_path / "index.html"
    assert report_page(str(tmp_path / "new")) == tmp_path / "new" / "index.html"
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file: this is a file: name a folder$"):
        report_page(str(tmp_path / "file"))
