"""The page of all keys."""

from pathlib import Path

from wsfcn_tf.config.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "config.md"


def test_the_page_is_what_the_sections_say():
    """If not: `python -m wsfcn_tf.config.reference > docs/config.md`."""
    assert PAGE.read_text(encoding="utf-8") == reference()


def test_a_row_has_key_type_range_default_and_meaning():
    rows = reference().splitlines()
    epochs = "Passes over the training split, unless steps_per_epoch says otherwise."
    assert f"| `training.epochs` | a whole number, at least 1 | `30` | {epochs} |" in rows
    assert "| `data.scenes.size` | a whole number, at least 16 | `96` | Side in pixels. |" in rows
    assert "| `model.decoder_norm` | one of batch, fixed | `\"batch\"` | The same of fusion and head: `batch` as in the release, or `fixed`. |" in rows  # fmt: skip  # noqa: E501
