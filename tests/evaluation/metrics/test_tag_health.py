"""What tags tell, on areas made by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.evaluation.metrics.formulas import mean_average_precision
from wsfcn_tf.evaluation.metrics.tag_health import (
    TagHealth,
    agreeing_pixels,
    label_areas,
    not_judged,
    tag_health,
    warnings,
)

NAMES = ("hat", "bag")


def health(**changed):
    """Of a run that went well, but for what is changed."""
    well = {"photos": 40, "tagged": np.array([10, 20]), "stray": np.zeros(2), "missed": np.zeros(2)}
    well |= {"background": 0.6, "map": 0.95, "chance": 0.3, "agreement": 0.9}
    return TagHealth(**well | changed)


# === Figures ===


def test_figures_are_those_of_plain_loops():
    rng = np.random.default_rng(0)
    areas, tags = rng.dirichlet([3, 1, 0.2, 0.2], 50), (rng.random((50, 3)) < 0.3).astype(np.float32)
    areas[areas < 0.02], scores = 0, rng.random((50, 3))
    found = tag_health(areas, tags, scores, np.tile([3, 4], (50, 1)))
    for i in range(3):
        own = [area for area, shown in zip(areas[:, 1 + i], tags[:, i], strict=True) if shown]
        other = [area for area, shown in zip(areas[:, 1 + i], tags[:, i], strict=True) if not shown]
        assert found.stray[i] == pytest.approx(np.mean([area > np.mean(own) / 2 for area in other]))
        assert found.missed[i] == pytest.approx(np.mean([area == 0 for area in own])) and found.tagged[i] == len(own)
    assert 0 < found.stray.max() < 1 and 0 < found.missed.max() < 1
    assert found.columns() == {
        "map": mean_average_precision(tags, scores),
        "chance": pytest.approx(tags.mean()),
        "stray": found.stray.max(),
        "background": pytest.approx(areas[:, 0].mean()),
        "agreement": 0.75,
    }


@given(st.floats(1e-4, 1))
def test_stray_does_not_depend_on_how_large_things_are(scale):
    areas = np.array([[0.0, 0.5], [0.0, 0.3], [0.0, 0.21], [0.0, 0.19], [0.0, 0.0]]) * scale
    found = tag_health(areas, np.array([[1.0], [1], [0], [0], [0]]), np.zeros((5, 1)))
    assert found.stray == pytest.approx([1 / 3])


def test_a_class_that_is_nowhere_or_everywhere_has_no_figure():
    found = tag_health(np.full((2, 3), 1 / 3), np.array([[0, 1], [0, 1]]), np.zeros((2, 2)))
    assert np.isnan(found.stray).all() and np.isnan(found.columns()["stray"])
    np.testing.assert_array_equal(found.missed, [np.nan, 0])
    assert found.chance == 1 and found.agreement is None and "agreement" not in found.columns()
    written = found.to_json(NAMES)
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert written["stray"] == {"hat": None, "bag": None} and written["missed"] == {"hat": None, "bag": 0}


def test_masks_where_the_tag_s_own_photos_have_none_are_stray():
    areas = np.array([[1.0, 0.0], [0.99, 0.01], [1.0, 0.0]])
    found = tag_health(areas, np.array([[1.0], [0], [0]]), np.zeros((3, 1)))
    assert (found.stray, found.missed) == ([0.5], [1.0])


def test_areas_and_agreement_count_pixels():
    one = np.array([[0, 1, 1], [2, 0, 2]], np.uint8)
    other = np.array([[0, 1, 2], [0, 1, 2]], np.uint8)
    np.testing.assert_allclose(label_areas(one, 3), [2 / 6, 2 / 6, 2 / 6, 0])
    assert agreeing_pixels(one, other).tolist() == [2, 5]
    background = np.zeros_like(one)
    nothing = agreeing_pixels(background, background)[None]
    assert tag_health(np.ones((1, 2)), np.zeros((1, 1)), np.zeros((1, 1)), nothing).agreement == 1


# === Warnings ===


def test_a_run_that_went_well_gives_none():
    assert warnings(health(), NAMES) == []
    nothing_known = tag_health(np.ones((3, 3)) / 3, np.zeros((3, 2)), np.zeros((3, 2)))
    assert warnings(nothing_known, NAMES) == []


@pytest.mark.parametrize(
    ("changed", "begin"),
    [
        ({"stray": np.array([0.31, 0])}, "masks of hat on 31% of the photos that are not tagged with it: do not trust"),
        (
            {"stray": np.array([0.31, 0.514])},
            "masks of bag on 51% of the photos that are not tagged with it (also hat 31%)",
        ),
        ({"missed": np.array([0, 0.6])}, "no mask of bag on 60% of the photos that are tagged with it: add training"),
        ({"background": 0.1}, "10% of the pixels are background: "),
        ({"map": 0.5}, "mAP of the tags is 0.50, where chance is 0.30: "),
        ({"agreement": 0.56}, "a photo and its mirror image have the same label on 56% of their foreground: "),
    ],
)
def test_each_figure_has_its_line(changed, begin):
    (line,) = warnings(health(**changed), NAMES)
    assert line.startswith(begin) and "\n" not in line


def test_few_photos_are_not_judged():
    bad = {"stray": np.array([0.5, 0.5]), "missed": np.array([1.0, 1.0]), "agreement": None}
    assert len(warnings(health(tagged=np.array([2, 20]), **bad), NAMES)) == 2
    assert warnings(health(photos=19, tagged=np.array([9, 9]), **bad), NAMES) == []
    assert warnings(health(tagged=np.array([2, 0]), **bad), NAMES) == []
    stray_unknown = warnings(health(tagged=np.array([30, 40]), **bad), NAMES)
    assert len(stray_unknown) == 1 and stray_unknown[0].startswith("no mask of hat on 100% of")


@pytest.mark.parametrize(
    ("photos", "scarves", "bags", "left_out"),
    [(40, 3, 20, ""), (40, 2, 20, "scarf"), (40, 20, 21, "bag"), (40, 21, 40, "scarf, bag"), (22, 2, 3, "scarf, bag")],
)
def test_what_cannot_be_judged_is_said(photos, scarves, bags, left_out):
    names = ("scarf", "bag")
    tags = np.stack([np.arange(photos) < scarves, np.arange(photos) < bags], axis=1).astype(np.float32)
    line = not_judged(tags, names)
    if left_out:
        told = "that takes 3 photos with a class and 20 without it"
        assert line == f"no warning of masks on photos without the tag, of {left_out}: {told}"
    else:
        assert line == ""
    areas = np.full((photos, 3), 1 / 3)  # all of it is stray
    (stray,) = [found for found in warnings(tag_health(areas, tags, tags), names) if "not tagged" in found] or [""]
    assert [name for name in names if name not in stray] == [name for name in names if name in left_out]
    assert not_judged(tags[:19], names) == "no warning of masks that go wrong: 19 photos are fewer than 20"
