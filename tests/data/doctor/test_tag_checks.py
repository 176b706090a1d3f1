import pytest
from surveys import made_up

from wsfcn_tf.data.doctor import tag_checks


def found(check, *arguments, **more):
    """(level, places) of what a check finds."""
    return [(finding.level, finding.where) for finding in check(made_up(*arguments, **more))]


def many(**photos):
    """Tags of as many photos as are asked for: many(cat=3, cat_dog=1)."""
    return {f"{key}{i}": key.split("_") if key != "none" else [] for key, n in photos.items() for i in range(n)}


def test_mistakes_are_errors():
    assert found(tag_checks.mistakes, mistakes=("a", "b")) == [("error", ("a", "b"))]
    assert found(tag_checks.mistakes) == []


@pytest.mark.parametrize("split", ["train", "trainval", "train_aug"])
def test_nothing_to_learn(split):
    tags = many(none=2)
    assert found(tag_checks.nothing_to_learn, tags, {split: tags}) == [("error", ("DATA",))]
    assert found(tag_checks.nothing_to_learn, tags, {"val": tags}) == []
    assert found(tag_checks.nothing_to_learn, many(none=2, cat=1)) == []


def test_rare_classes():
    expected = [("warning", ("cow",)), ("warning", ("dog: 4",))]
    assert found(tag_checks.rare_classes, many(cat=3, cat_dog=2, dog=2)) == expected
    assert found(tag_checks.rare_classes, many(cat_dog_cow=5)) == []


def test_only_training_photos_count():
    tags = many(cat=9, dog=9, cow=9)
    splits = {"train": list(tags)[:22], "val": list(tags)[22:]}
    assert found(tag_checks.rare_classes, tags, splits) == [("warning", ("cow: 4",))]


def test_alike_names():
    names = ("dog", "Traffic Light", "cow", "traffic_light", "DOG", "trafficlights")
    expected = ("'dog' / 'DOG'", "'Traffic Light' / 'traffic_light'")
    assert found(tag_checks.alike_names, class_names=names) == [("warning", expected)]


def test_inseparable():
    assert found(tag_checks.inseparable, many(cat_dog=3, cow=1)) == [("warning", ("cat, dog",))]
    assert found(tag_checks.inseparable, many(cat_dog=3, dog=1, cow=1)) == []


def test_everywhere():
    assert found(tag_checks.everywhere, many(cat_dog=3, dog=1)) == [("warning", ("dog",))]
    assert found(tag_checks.everywhere, many(cat_dog=3, dog=1, none=1)) == []


def test_in_most():
    assert found(tag_checks.in_most, many(cat=5, cat_dog=2, none=3)) == [("warning", ("cat: 7 of 10",))]
    assert found(tag_checks.in_most, many(cat=4, cat_dog=2, none=3)) == []
    assert found(tag_checks.in_most, many(cat_dog=3, cat=1)) == [("warning", ("dog: 3 of 4",))]  # cat: by `everywhere`


def test_companions():
    tags = many(cat_dog=3, dog=1, cow=1, cow_dog=1)
    assert found(tag_checks.companions, tags) == [("note", ("cat (3 photos) never without dog",))]
    tags = many(cat_dog=9, cat=1, dog=9, cow=1)
    assert found(tag_checks.companions, tags) == [("note", ("cat (10 photos) in 1 only without dog",))]
    assert found(tag_checks.companions, many(cat_dog=8, cat=1, dog=9, cow=1)) == []
    assert found(tag_checks.companions, many(cat_dog=3, dog=1)) == []  # told by `everywhere`
    assert found(tag_checks.companions, many(cat_dog=3, cow=1)) == []  # told by `inseparable`


def test_pairs_together():
    counts = tag_checks.pairs_together(made_up(many(dog_cat=3, cat_dog_cow=2, cow=1)))
    assert dict(counts) == {("cat", "dog"): 5, ("cat", "cow"): 2, ("dog", "cow"): 2}
