"""Checks of the masks: what evaluation compares with."""

from collections.abc import Iterator

from wsfcn_tf.data.doctor.findings import Finding, counted, each
from wsfcn_tf.data.doctor.mask_contents import legend_to_paste
from wsfcn_tf.data.doctor.mends import leave_out
from wsfcn_tf.data.doctor.survey import Survey, is_training
from wsfcn_tf.data.masks.mask_values import setting_for
from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.masks.sources import LEGEND_FILE

_ON_ITS_SIDE = (5, 6, 7, 8)  # EXIF orientations that swap height and width
_MOSTLY = 0.5  # share of a mask's pixels from which on it should hold every tag
_IN_PLACE = (2, 3, 4)  # those that do not


def missing(survey: Survey) -> Iterator[Finding]:
    """Photos of validation splits without a mask; where none has one, their tags can still tell how training goes."""
    for split, names in survey.splits.items():
        found = tuple(name for name in names if name not in survey.masks)
        if "val" in split and not is_training(split) and found:
            what = f"{counted(len(found), 'photo')} of {split} without a mask"
            if len(found) == len(names) and all(name in survey.tags for name in names):
                advice = "training.validate_every goes by their tags; draw masks of some to evaluate"
                yield Finding("note", what, (), advice)
            else:
                advice = f"add the masks, or take the photos out of {split}"
                yield Finding("error", what, found, advice, leave_out(survey, split, found), each(found))


def not_outlined(survey: Survey) -> Iterator[Finding]:
    """Photos of another tool's folder in which not everything has an outline, while there are outlines."""
    if survey.not_outlined:
        what = f"{counted(len(survey.not_outlined), 'photo')} in which not everything is outlined"
        found = tuple(f"{name}: {lacking}" for name, lacking in survey.not_outlined.items())
        advice = "they have no mask: to evaluate on them, draw what is there"
        yield Finding("note", what, found, advice, photos=each(survey.not_outlined))


def unusable(survey: Survey) -> Iterator[Finding]:
    """Masks that are unreadable, colours where numbers are expected, or hold what is no class."""
    found = {name: facts.problem for name, facts in survey.masks.items() if facts.problem}
    if found:
        what = f"{counted(len(found), 'mask')} cannot be used"
        yield Finding("error", what, tuple(found.values()), _mend_of_unusable(survey), photos=each(found))


def without_class(survey: Survey) -> Iterator[Finding]:
    """Masks none of which holds a class, some of which have pixels to ignore: 0 and 255 as in binary masks."""
    found = tuple(name for name, facts in survey.masks.items() if facts.ignores)
    if found and not any(facts.classes for facts in survey.masks.values()):
        setting = setting_for((0, IGNORE), survey.class_names)
        advice = f"255 is ignored: if it is where {_which(survey)} is, say so: --set {setting}"
        yield Finding("error", "masks that hold 0 and 255 and no class", found, advice, photos=each(found))


def not_rotated(survey: Survey) -> Iterator[Finding]:
    """Masks of photos that EXIF turns on their side, which lie as the photo is stored."""
    found = tuple(name for name in _mismatched(survey) if _lies_as_stored(survey, name))
    if found:
        advice = "rotate the masks, or store the photos upright and without EXIF orientation"
        what = "masks that do not follow their photo's EXIF rotation"
        yield Finding("error", what, found, advice, photos=each(found))


def other_size(survey: Survey) -> Iterator[Finding]:
    """Masks of another size than their photo, for another reason."""
    found = {}
    for name in _mismatched(survey):
        if not _lies_as_stored(survey, name):
            (height, width), (mask_height, mask_width) = survey.photos[name].size, survey.masks[name].size
            found[name] = f"{name}: photo {width}x{height}, mask {mask_width}x{mask_height}"
    if found:
        what, advice = "masks of another size than their photo", "draw them again, or resize them without smoothing"
        yield Finding("error", what, tuple(found.values()), advice, photos=each(found))


def rotated_in_place(survey: Survey) -> Iterator[Finding]:
    """Photos that EXIF mirrors or turns upside down, so that sizes do not tell whether their masks follow."""
    found = tuple(name for name in survey.masks if survey.photos[name].orientation in _IN_PLACE)
    if found:
        advice = "look whether their masks are turned, too"
        what = "photos with masks that EXIF mirrors or turns upside down"
        yield Finding("warning", what, found, advice, photos=each(found))


def contradicted_tags(survey: Survey) -> Iterator[Finding]:
    """Photos whose mask and tags name different classes; a mask of which little is known need not hold every tag."""
    found = {}
    for name, facts in survey.masks.items():
        if name in survey.tags and not facts.problem and facts.classes != survey.tags[name]:
            parts = [f"{tag} in the mask only" for tag in sorted(facts.classes - survey.tags[name])]
            if facts.known > _MOSTLY:
                parts += [f"{tag} in the tags only" for tag in sorted(survey.tags[name] - facts.classes)]
            if parts:
                found[name] = f"{name}: {', '.join(parts)}"
    if found:
        what = f"{counted(len(found), 'photo')} whose mask and tags differ"
        advice = "correct one of them; with data.masks=train, training refuses what is in the mask only"
        yield Finding("warning", what, tuple(found.values()), advice, photos=each(found))


def orphans(survey: Survey) -> Iterator[Finding]:
    """Masks that belong to no photo."""
    if survey.orphans:
        advice = "they are not used: name them like their photos"
        yield Finding("warning", f"{counted(len(survey.orphans), 'mask')} without a photo", survey.orphans, advice)


def _mend_of_unusable(survey: Survey) -> str:
    """Words to paste, if what cannot be used are values or colours that nothing gives a meaning."""
    wrong = [facts for facts in survey.masks.values() if facts.problem]
    values = frozenset().union(*(facts.values for facts in survey.masks.values()))
    colours = frozenset().union(*(facts.colours for facts in wrong))
    if any(facts.values for facts in wrong) and not any(facts.classes for facts in survey.masks.values()):
        return f"if they are whole, say what their values mean: --set {setting_for(values, survey.class_names)}"
    if colours:
        return f"if they are whole, say what their colours mean: {legend_to_paste(colours, survey.root / LEGEND_FILE)}"
    return "mend them, or take the photos out of the list"


def _which(survey: Survey) -> str:
    first = survey.class_names[0]
    return first if len(survey.class_names) == 1 else f"{first}, or one other class in all masks,"


def _mismatched(survey: Survey) -> list[str]:
    return [
        name
        for name, facts in survey.masks.items()
        if facts.size and survey.photos[name].size and facts.size != survey.photos[name].size
    ]


def _lies_as_stored(survey: Survey, name: str) -> bool:
    photo = survey.photos[name]
    return photo.orientation in _ON_ITS_SIDE and survey.masks[name].size == photo.size[::-1]
