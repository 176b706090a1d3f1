import re
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsed_page import Page
from small_reports import CLASSES, SETTINGS, evaluated, write

from wsfcn_tf.evaluation.html_report import write_report
from wsfcn_tf.evaluation.html_report.class_table import class_rows
from wsfcn_tf.evaluation.html_report.confusion_table import largest_confusions
from wsfcn_tf.evaluation.html_report.page import page

EVIL = "</script></style><script>document.title='caught'</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "new folder" / "index.html"
    return write(path), path.read_text(encoding="utf-8")


def test_figures_and_settings_are_there(written):
    metrics, text = written
    page = Page(text)
    for share in (metrics.miou, metrics.pixel_accuracy, metrics.map):
        assert f"{100 * share:.2f} %" in page.text
    for name, value in SETTINGS.items():
        assert f"{name}{value}" in page.text
    assert page.text.count("mine on scenes, val split") == 2
    for name, value in metrics.class_iou.items():
        assert re.search(rf"{name}\s*{100 * value:.1f}", page.text)


def test_nothing_is_loaded(written):
    _, text = written
    assert not re.search(r"https?:", text)
    assert "@import" not in text and "url(" not in text
    page = Page(text)
    links = [a["href"] for tag in ("a", "link") for a in page.all(tag)]
    assert all(link.startswith(("#", "data:")) for link in links)
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert {link[1:] for link in links if link.startswith("#")} <= set(identifiers)
    assert len(set(identifiers)) == len(identifiers)
    sources = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert sources and all(source.startswith("data:image/webp;base64,") for source in sources)
    policy = page.all("meta")[3]["content"]
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_every_image_has_its_stages_named(written):
    page = Page(written[1])
    alts = [attributes["alt"] for attributes in page.all("img")]
    for name in "abcde":  # three best, three worst: all five
        for what in ("the photo", "CAM", "Prediction", "After CRF", "the true masks"):
            assert f"{name}: {what}" in alts
    sliders = page.all("input")
    assert len(sliders) == 9
    assert {(s["max"], s["value"], s["aria-valuetext"]) for s in sliders} == {("4", "3", "After CRF")}


def test_without_crf_and_cam_there_are_three_stages(tmp_path):
    write(tmp_path / "index.html", crf=False, cam=False)
    page = Page((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert {(s["max"], s["value"], s["aria-valuetext"]) for s in page.all("input")} == {("2", "1", "Prediction")}
    assert "CRF" not in page.text and "CAM" not in page.text


def test_names_are_text(tmp_path):
    """A class, a file or a setting may be called anything."""
    metrics, examples = evaluated(class_names=(EVIL, "dog"), names=(EVIL, "b"))
    write_report(tmp_path / "a.html", metrics, examples, title=EVIL, settings={EVIL: EVIL})
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.text.count(EVIL) > 10
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert f"{EVIL}: the photo" in [attributes["alt"] for attributes in page.all("img")]


@cache
def few_images():
    return evaluated(names=("a",), keep=1)


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("&<>\"'{}%#$")))
def test_any_text_comes_out_as_it_went_in(text):
    """In text and in attributes, once; and none of it is a placeholder."""
    metrics, examples = few_images()
    (image,) = examples.best
    examples = SimpleNamespace(best=[replace(image, name=text)], worst=[], confused=[])
    read = Page(page(metrics, examples, title=text, settings={"{{ title }}": f"{text}|"}))
    assert f"{{{{ title }}}}{text}|" in read.text
    assert f"Stage of {text}" in [attributes["aria-label"] for attributes in read.all("input")]


def test_the_same_evaluation_gives_the_same_bytes_of_a_sensible_number(written, tmp_path):
    write(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == written[1]
    assert [path.name for path in tmp_path.iterdir()] == ["again.html"]
    noise = 9 * 5 * 60_000  # the images are noise, which does not compress
    assert len(written[1]) < noise


def test_classes_are_sorted_and_their_figures_right(written):
    metrics, _ = written
    confusion = metrics.confusion
    rows = class_rows(metrics)
    assert [row.name for row in rows] == sorted(metrics.class_iou, key=lambda name: -metrics.class_iou[name])
    for label, name, iou, precision, recall, pixels in rows:
        assert ("background", *CLASSES)[label] == name
        assert iou == metrics.class_iou[name]
        assert precision == confusion[label, label] / confusion[:, label].sum()
        assert recall == confusion[label, label] / confusion[label].sum()
        assert pixels == pytest.approx(confusion[label].sum() / confusion.sum())


def test_a_class_that_is_nowhere_is_last_and_a_dash(tmp_path):
    names = ("cat", "unicorn", "dog")
    metrics, examples = evaluated(class_names=names, names=("a",))  # the first image holds the first class only
    rows = class_rows(metrics)
    assert [row.name for row in rows] == ["background", "cat", "unicorn", "dog"]
    assert np.isnan([rows[2].iou, rows[2].precision, rows[2].recall]).all()
    write_report(tmp_path / "a.html", metrics, examples, title="", settings={})
    text = Page((tmp_path / "a.html").read_text(encoding="utf-8")).text
    assert "unicorn–––0.0" in text
    assert "nan" not in text and "There is none." in text


def test_largest_confusions_are_between_objects():
    confusion = np.array([[9, 70, 0, 1], [80, 9, 5, 0], [0, 7, 9, 5], [90, 0, 0, 9]])
    assert largest_confusions(confusion, 10) == [(2, 1, 7, 7 / 21), (1, 2, 5, 5 / 94), (2, 3, 5, 5 / 21)]
    assert largest_confusions(confusion, 1) == [(2, 1, 7, 7 / 21)]
    assert largest_confusions(np.diag([3, 4]), 5) == []


def test_cells_hold_counts_and_shares(written):
    metrics, text = written
    rows = re.findall(r'<tr data-total="(\d+)">(.*?)</tr>', text)
    assert [int(total) for total, _ in rows] == metrics.confusion.sum(axis=1).tolist()
    for (_, cells), counts in zip(rows, metrics.confusion):
        found = [re.search(r'data-count="(\d+)">(\d*)$', cell) for cell in cells.split("</td>")[:-1]]
        assert [int(cell[1]) if cell else 0 for cell in found] == counts.tolist()
        for cell, share in zip(found, counts / counts.sum()):
            assert (cell[2] if cell else "") == (f"{100 * share:.0f}" if share >= 0.005 else "")
