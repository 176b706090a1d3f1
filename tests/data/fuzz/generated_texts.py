"""Tag files and annotations, right and wrong, as files' content; all follow from a seed."""

import copy
import json
import random
from typing import Any

CLASSES = ("cat", "dog", "sheep")
PHOTOS = ("a.jpg", "sub folder/b.png", "straße/é.jpg", 'q"uote.jpg', "comma, semi;colon.jpg")
_STRANGE = (
    None,
    True,
    -1,
    0,
    1e300,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "cat",
    "dgo",
    "\x00",
    "\u2028",
    [],
    {},
    [[]],
)


def generated_table(rng: random.Random) -> tuple[bytes, str]:
    """A tags.csv as content, and what is odd about it."""
    rows = [[photo, ";".join(rng.sample(CLASSES, rng.randrange(3)))] for photo in PHOTOS]
    separator, oddities = rng.choice(",;\t"), rng.sample(_TABLE_ODDITIES, rng.randrange(3))
    if "unknown tag" in oddities:
        rows[rng.randrange(len(rows))][1] = "dgo"
    if "duplicate" in oddities:
        rows.append(list(rng.choice(rows)))
    if "missing photo" in oddities:
        rows.append(["none.jpg", "cat"])
    if "extra field" in oddities:
        rng.choice(rows).append("dog")
    if "control character" in oddities:
        rng.choice(rows)[rng.randrange(2)] += rng.choice("\x00\x07\x85\u2028")
    lines = [separator.join(f'"{field.replace(chr(34), chr(34) * 2)}"' for field in row) for row in rows]
    if "open quote" in oddities:
        lines.append('"a.jpg')
    if "other header" in oddities:
        lines.insert(0, rng.choice(("", "photo,label", "image", "image,image,tags", "image,,tags", "\x00")))
    else:
        lines.insert(0, f"image{separator}tags")
    text = rng.choice(("\n", "\r\n", "\n\n")).join(lines)
    data = text.encode(rng.choice(("utf-8-sig", "utf-8")))
    if "UTF-16" in oddities:
        data = text.encode("utf-16")
    if "Latin-1" in oddities:
        data = text.encode("latin-1", "replace")
    if "cut short" in oddities:
        data = data[: rng.randrange(len(data))]
    return data, ", ".join(oddities)


_TABLE_ODDITIES = (
    "unknown tag", "duplicate", "missing photo", "extra field", "control character", "open quote", "other header",
    "UTF-16", "Latin-1", "cut short",
)  # fmt: skip


def generated_json_lines(rng: random.Random) -> bytes:
    """A tags.jsonl as content, with a value or two replaced."""
    entries: list[Any] = [{"image": photo, "tags": rng.sample(CLASSES, rng.randrange(3))} for photo in PHOTOS]
    for _ in range(rng.randrange(3)):
        _replace_somewhere(rng, entries)
    return _maybe_cut(rng, "\n".join(map(json.dumps, entries)))


def generated_coco(rng: random.Random) -> bytes:
    """COCO's JSON of the photo a.jpg, 24x20, with a value or two replaced."""
    polygon = [rng.uniform(0, 24) for _ in range(8)]
    shapes = [[polygon], {"size": [20, 24], "counts": [100, 80, 300]}, {"size": [20, 24], "counts": "T3`2h9"}]
    content = {
        "images": [{"id": 7, "file_name": "a.jpg", "height": 20, "width": 24}],
        "categories": [{"id": 3 * number + 1, "name": name} for number, name in enumerate(CLASSES)],
        "annotations": [
            {"id": number, "image_id": 7, "category_id": rng.choice((1, 4, 7)), "iscrowd": 0, "segmentation": shape}
            for number, shape in enumerate(shapes[: rng.randrange(1, 4)])
        ],
    }
    for _ in range(rng.randrange(3)):
        _replace_somewhere(rng, content)
    return _maybe_cut(rng, json.dumps(content))


def generated_labelmap(rng: random.Random) -> bytes:
    """CVAT's labelmap.txt, with a line or two that are odd."""
    lines = ["# label:color_rgb:parts:actions", "background:0,0,0::"]
    lines += [f"{name}:{60 * number},{60 * number},{60 * number}::" for number, name in enumerate(CLASSES, start=1)]
    for _ in range(rng.randrange(3)):
        odd = (
            "",
            ":",
            "cat",
            "dgo:1,2,3::",
            "cat:1,2::",
            "cat:1,2,x::",
            "cat:1,2,999::",
            "cat:60,60,60:a:b",
            "\x00:1,2,3",
        )
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(odd))
    data = rng.choice(("\n", "\r\n")).join(lines).encode(rng.choice(("utf-8", "utf-8-sig", "utf-8", "utf-16")))
    return data[: rng.randrange(len(data))] if rng.random() < 0.15 else data


def generated_labelme(rng: random.Random) -> bytes:
    """LabelMe's JSON of a photo of 24x20, with a value or two replaced."""
    kinds = {"polygon": 4, "rectangle": 2, "circle": 2, "point": 1, "mask": 2}
    content = {
        "imageHeight": 20,
        "imageWidth": 24,
        "shapes": [
            {
                "label": rng.choice(CLASSES),
                "shape_type": kind,
                "points": [[rng.uniform(0, 24), rng.uniform(0, 20)] for _ in range(kinds[kind])],
                "mask": "iVBORw0KGgo=",
            }
            for kind in rng.choices(list(kinds), (8, 4, 4, 1, 1), k=2)
        ],
    }
    for _ in range(rng.randrange(3)):
        _replace_somewhere(rng, content)
    return _maybe_cut(rng, json.dumps(content))


def _replace_somewhere(rng: random.Random, value: Any) -> None:
    """Puts something strange in place of a value at a random depth."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not keys:
        return
    key = rng.choice(keys)
    if isinstance(value[key], dict | list) and rng.random() < 0.8:
        _replace_somewhere(rng, value[key])
    else:
        value[key] = copy.deepcopy(rng.choice(_STRANGE))


def _maybe_cut(rng: random.Random, text: str) -> bytes:
    data = text.encode()
    return data[: rng.randrange(len(data))] if rng.random() < 0.15 else data
