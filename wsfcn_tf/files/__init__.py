"""Plain files: written complete or not at all, read with errors that say what to do."""

from wsfcn_tf.files.atomic import (
    clear_partial,
    is_partial,
    remove,
    replacing,
    write_json,
    write_lines,
    write_text,
    writing,
)

__all__ = ["clear_partial", "is_partial", "remove", "replacing", "write_json", "write_lines", "write_text", "writing"]
