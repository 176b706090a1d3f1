"""Images that cannot be used: a few are named in the message, all of them in a file."""

from collections.abc import Mapping
from pathlib import Path

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import write_text

_SHOWN = 3


def check_problems(problems: Mapping[str, str], listing: Path, allow: bool) -> None:
    """Writes what is wrong with which image, and raises UserError unless that is allowed.

    Args:
        problems: for each image, a few words that name the file.
        listing: the text file to write; removed if there is no problem.
        allow: whether to go on without these images.
    """
    if not problems:
        listing.unlink(missing_ok=True)
        return
    write_text(listing, "".join(f"{name}\t{problem}\n" for name, problem in problems.items()))
    if allow:
        return
    shown = "; ".join(list(problems.values())[:_SHOWN])
    more = f"; and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
    count = f"{len(problems):,} image{'s' if len(problems) > 1 else ''} cannot be used"
    raise UserError(f"{count}: {shown}{more} (all in {listing}): mend them, or leave them out with --allow-missing")
