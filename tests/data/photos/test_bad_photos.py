import numpy as np
import pytest

from wsfcn_tf.data.photos.bad_photos import BadPhotos, read_or_replace
from wsfcn_tf.errors import UserError

NAMES = [f"{index}.jpg" for index in range(50)]


def reader(bad):
    def read(name):
        if name in bad:
            raise UserError(f"{name}: is torn")
        return np.full((1, 1, 3), NAMES.index(name), np.uint8)

    return read


def test_a_photo_that_can_be_read_costs_no_random_number():
    rng, bad = np.random.default_rng(0), BadPhotos()
    index, image = read_or_replace(3, NAMES, reader({"4.jpg"}), rng, bad)
    assert index == 3 and image[0, 0, 0] == 3 and not bad
    assert rng.random() == np.random.default_rng(0).random()


def test_replacements_are_readable_and_spread():
    torn = set(NAMES[:40])
    used = [read_or_replace(3, NAMES, reader(torn), np.random.default_rng(s), BadPhotos())[0] for s in range(100)]
    assert set(used) == set(range(40, 50))


def test_the_list_holds_each_once_with_its_first_reason(tmp_path):
    path = tmp_path / "run" / "bad_images.txt"
    assert len(BadPhotos.load(path)) == 0
    bad = BadPhotos()
    for name, reason in (("größe/b\u2028c.jpg", "torn:\tempty"), ("a", "empty"), ("a", "torn")):
        bad.add(name, reason)
    bad.save(path)
    assert path.read_text(encoding="utf-8") == "a\tempty\ngröße/b\u2028c.jpg\ttorn:\tempty\n"
    again = BadPhotos.load(path)
    again.add("a", "gone")
    again.save(path)
    assert path.read_text(encoding="utf-8") == "a\tempty\ngröße/b\u2028c.jpg\ttorn:\tempty\n"


def test_each_counts_from_the_first_epoch_that_met_it_in_whatever_order_they_come(tmp_path):
    bad = BadPhotos({"known": "torn"})
    for name, epoch in (("b", 3), ("a", 1), ("b", 2), ("b", 4), ("known", 9)):
        bad.add(name, f"torn in {epoch}", epoch)
    assert bad.until(0) == {"known": "torn"}
    assert bad.until(1) == {"known": "torn", "a": "torn in 1"}
    assert bad.until(2) == {"known": "torn", "a": "torn in 1", "b": "torn in 2"}
    bad.save(tmp_path / "list", epoch=1)
    assert (tmp_path / "list").read_text() == "a\ttorn in 1\nknown\ttorn\n"


def test_nothing_can_be_read():
    bad = BadPhotos()
    with pytest.raises(UserError) as error:
        read_or_replace(3, NAMES, reader(set(NAMES)), np.random.default_rng(0), bad)
    assert str(error.value) == "none of the 50 training images can be read, the first because: 3.jpg: is torn"
    assert len(bad) == 50
