from dataclasses import replace

from surveys import made_up, mask, photo

from wsfcn_tf.data.doctor import mask_checks


def found(check, **more):
    """(level, what, places) of what a check finds in photos a, b and c."""
    survey = made_up(**{"splits": {"train": "c", "val": "ab"}} | more)
    return [(finding.level, finding.what, finding.where) for finding in check(survey)]


def test_missing():
    expected = [("error", "1 photo of val without a mask", ("b",))]
    assert found(mask_checks.missing, masks={"a": mask()}) == expected
    assert found(mask_checks.missing, splits={"train": "a", "test": "b", "trainval": "c"}) == []
    assert found(mask_checks.missing) == [("error", "2 photos of val without a mask", ("a", "b"))]
    tagged = {"a": ["cat"], "b": []}  # with tags, validation does without masks
    assert found(mask_checks.missing, tags=tagged) == [("note", "2 photos of val without a mask", ())]
    assert found(mask_checks.missing, tags=tagged, masks={"a": mask()}) == expected


def test_unusable():
    masks = {"a": mask(problem="why"), "b": mask()}
    assert found(mask_checks.unusable, masks=masks) == [("error", "1 mask cannot be used", ("why",))]


def test_binary_masks():
    """Also beside one that cannot be used or an empty one; not where a mask holds a class or none ignores anything."""
    binary = {"a": mask(ignores=True), "b": mask(ignores=True), "c": mask(problem="why")}
    expected = [("error", "masks that hold 0 and 255 and no class", ("a", "b"))]
    assert found(mask_checks.without_class, masks=binary) == expected
    assert found(mask_checks.without_class, masks=binary | {"b": mask()}) == [(*expected[0][:2], ("a",))]
    for masks in (binary | {"b": mask("cat", ignores=True)}, {"a": mask()}, {}):
        assert found(mask_checks.without_class, masks=masks) == []


def test_sizes_and_rotation():
    """a lies as it is stored, b is of another size, c follows EXIF."""
    photos = {"a": photo(6, (80, 60)), "b": photo(6, (80, 60)), "c": photo(8, (80, 60))}
    masks = {"a": mask(size=(60, 80)), "b": mask(size=(50, 80)), "c": mask(size=(80, 60))}
    expected = [("error", "masks that do not follow their photo's EXIF rotation", ("a",))]
    assert found(mask_checks.not_rotated, photos=photos, masks=masks) == expected
    places = ("b: photo 60x80, mask 80x50",)
    expected = [("error", "masks of another size than their photo", places)]
    assert found(mask_checks.other_size, photos=photos, masks=masks) == expected


def test_a_swapped_size_without_rotation_is_another_size():
    masks = {"a": mask(size=(80, 60))}
    assert found(mask_checks.not_rotated, masks=masks) == []
    assert found(mask_checks.other_size, masks=masks)[0][2] == ("a: photo 80x60, mask 60x80",)


def test_unreadable_photos_and_masks_have_no_size():
    for photos, masks in ({"a": photo(size=None)}, {"a": mask()}), ({}, {"a": mask(size=None)}):
        assert found(mask_checks.other_size, photos=photos, masks=masks) == []


def test_rotated_in_place():
    photos = {"a": photo(3), "b": photo(2)}
    what = "photos with masks that EXIF mirrors or turns upside down"
    assert found(mask_checks.rotated_in_place, photos=photos, masks={"a": mask()}) == [("warning", what, ("a",))]


def test_contradicted_tags():
    tags = {"a": ["cat", "dog"], "b": ["cow"]}
    masks = {"a": mask("cat", "cow"), "b": mask("cow"), "c": mask("dog")}
    places = ("a: cow in the mask only, dog in the tags only",)
    expected = [("warning", "1 photo whose mask and tags differ", places)]
    assert found(mask_checks.contradicted_tags, tags=tags, masks=masks) == expected
    masks["a"] = replace(masks["a"], known=0.1)  # of strokes
    expected = [("warning", "1 photo whose mask and tags differ", ("a: cow in the mask only",))]
    assert found(mask_checks.contradicted_tags, tags=tags, masks=masks) == expected
    masks["a"] = replace(mask("cat"), known=0.1)
    assert found(mask_checks.contradicted_tags, tags=tags, masks=masks) == []


def test_orphans():
    assert found(mask_checks.orphans, orphans=("x.png",)) == [("warning", "1 mask without a photo", ("x.png",))]
