"""All checks, in the order of the report."""

from wsfcn_tf.data.doctor import copy_checks, mask_checks, name_checks, photo_checks, tag_checks
from wsfcn_tf.data.doctor.findings import LEVELS, Finding
from wsfcn_tf.data.doctor.survey import Survey

CHECKS = (
    tag_checks.mistakes,
    photo_checks.unreadable,
    tag_checks.nothing_to_learn,
    mask_checks.missing,
    mask_checks.unusable,
    mask_checks.without_class,
    mask_checks.not_rotated,
    mask_checks.other_size,
    name_checks.named_like_folders,
    name_checks.lists_of_classes,
    name_checks.swallowed,
    tag_checks.rare_classes,
    tag_checks.alike_names,
    tag_checks.inseparable,
    tag_checks.everywhere,
    tag_checks.in_most,
    tag_checks.companions,
    mask_checks.contradicted_tags,
    mask_checks.rotated_in_place,
    mask_checks.orphans,
    mask_checks.not_outlined,
    copy_checks.in_two_splits,
    copy_checks.alike_in_two_splits,
    copy_checks.copies,
    copy_checks.alike_with_other_tags,
    photo_checks.tiny,
    photo_checks.unnamed,
)


def examine(survey: Survey) -> list[Finding]:
    """Everything that the checks find, errors first."""
    findings = [finding for check in CHECKS for finding in check(survey)]
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))
