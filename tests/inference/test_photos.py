import numpy as np
import pytest
from memory_photos import make_photo

from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.photos import named_photos, overlay_of, photos_of_split


def test_folders_keep_their_structure_and_files_stand_on_top(tmp_path):
    make_photo(tmp_path / "in" / "a.jpg")
    make_photo(tmp_path / "in" / "deep" / "er" / "B.PNG")
    (tmp_path / "in" / "notes.txt").write_text("not a photo")
    single = make_photo(tmp_path / "elsewhere" / "c.v2.png")
    jobs = named_photos([tmp_path / "in", str(single)], tmp_path / "out")
    assert [job.mask for job in jobs] == [tmp_path / "out" / f"{stem}.png" for stem in ("a", "deep/er/B", "c.v2")]
    assert jobs[2].name == str(single) and jobs[2].image().shape == (4, 6, 3) and jobs[2].tags is None
    assert overlay_of(jobs[2].mask) == tmp_path / "out" / "c.v2_overlay.jpg"


def test_an_output_inside_the_input_is_not_searched(tmp_path):
    make_photo(tmp_path / "a.jpg")
    make_photo(tmp_path / "out" / "a_overlay.jpg")
    assert [job.name for job in named_photos([tmp_path], tmp_path / "out")] == [str(tmp_path / "a.jpg")]


def test_masks_beside_the_photos_are_no_photos(tmp_path):
    photos = ("a.jpg", "b_1.jpg", "beach/b.jpg", "beach/masks/b.jpg", "masks/a_1.jpg", "masks/c.jpg")
    for name in (*photos, "masks/a.png", "masks/b_1.jpg", "masks/b_1_cat_tail.png", "masks/beach/b.png"):
        make_photo(tmp_path / name)
    for folder in (tmp_path, f"file://{tmp_path}"):
        found = [job.name for job in named_photos([folder], tmp_path / "out")]
        assert found == [f"{folder}/{name}" for name in photos]
    assert len(named_photos([tmp_path / "masks"], tmp_path / "out")) == 6  # named itself, it is what it is


def test_a_photo_named_twice_is_predicted_once(tmp_path):
    photo = make_photo(tmp_path / "in" / "a.jpg")
    assert len(named_photos([tmp_path / "in", photo], tmp_path / "out")) == 1


@pytest.mark.parametrize(
    ("photos", "paths", "output", "message"),
    [
        ([], ["."], "out", r"^no photo in \S+: looked for \.\w+"),
        ([], ["gone"], "out", r"^\S+gone: no such photo or folder$"),
        (["a.jpg", "a.png"], ["."], "out", r"a\.jpg and \S+a\.png would both be written to \S+a\.png: rename"),
        (["x/a.jpg", "y/a.jpg"], ["x", "y"], "out", r"x/a\.jpg and \S+y/a\.jpg would both be written"),
        (["a.jpg"], ["."], ".", r"is searched for photos and is also the output"),
        (["a.png"], ["a.png"], ".", r"a\.png is a photo that predicting \S+a\.png would overwrite"),
    ],
)
def test_mistakes_in_names(tmp_path, photos, paths, output, message):
    for name in photos:
        make_photo(tmp_path / name)
    with pytest.raises(UserError, match=message) as error:
        named_photos([tmp_path / path for path in paths], tmp_path / output)
    assert "\n" not in str(error.value)


# === Splits ===


class Split:
    """Photos by name, each one pixel, tagged with the number of its letters."""

    class_names = ("cat", "dog")

    def __init__(self, *names):
        self._names = names

    def names(self, split):
        assert split == "test"
        return list(self._names)

    def image(self, name):
        return np.zeros((1, 1, 3), np.uint8)

    def tags(self, name):
        return np.full(2, len(name), np.float32)


def test_masks_are_named_after_a_split_s_photos(tmp_path):
    jobs = photos_of_split(Split("a", "deep/b.jpg", "c.v2", "a"), "test", tmp_path)
    assert [job.mask for job in jobs] == [tmp_path / "a.png", tmp_path / "deep" / "b.png", tmp_path / "c.v2.png"]
    assert [job.name for job in jobs] == ["a", "deep/b.jpg", "c.v2"]
    assert all(job.tags is None and job.image().shape == (1, 1, 3) for job in jobs)


def test_a_split_s_tags_on_demand(tmp_path):
    (job,) = photos_of_split(Split("abc"), "test", tmp_path, with_tags=True)
    np.testing.assert_array_equal(job.tags(), [3, 3])


def test_photos_of_a_split_that_would_share_a_mask(tmp_path):
    with pytest.raises(UserError, match=r"^a\.jpg and a\.png would both be written to \S+/a\.png: rename one of them$"):
        photos_of_split(Split("a.jpg", "a.png"), "test", tmp_path)


def test_a_photo_is_the_same_photo_behind_links(tmp_path):
    photo = tmp_path / "real" / "a.png"
    photo.parent.mkdir()
    photo.touch()
    (tmp_path / "linked").symlink_to(photo.parent)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.png").symlink_to(photo)
    for output in ("linked", "other"):
        with pytest.raises(UserError, match=r"a\.png is a photo that predicting .* would overwrite"):
            named_photos([photo], tmp_path / output)
    assert len(named_photos([photo.parent], tmp_path / "masks")) == 1
    (tmp_path / "masks").symlink_to(photo.parent)
    with pytest.raises(UserError, match="is searched for photos and is also the output"):
        named_photos([photo.parent], tmp_path / "masks")
