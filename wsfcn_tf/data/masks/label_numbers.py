"""From the names in annotations to the numbers in a mask."""

from collections.abc import Sequence

from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.tags.tags import check_tags
from wsfcn_tf.files.reading import nfc

_SPECIAL = {"background": 0, "_background_": 0, "__background__": 0, "__ignore__": IGNORE, "ignore": IGNORE}
NO_CLASSES = tuple(name for name in _SPECIAL if name != "ignore")  # which may be what a photo shows, as a tag


def label_of(name: str, class_names: Sequence[str], where: str) -> int:
    """A class's label, 1 and more; 0 for what tools call the background, 255 for what is not to count.

    Raises:
        UserError: it is neither; the message starts with `where`.
    """
    name = nfc(name.strip())
    if name in class_names:
        return class_names.index(name) + 1
    if name.lower() not in _SPECIAL:
        check_tags([name], class_names, where)
    return _SPECIAL[name.lower()]
