"""Doctor's page, read back: what was found, the photos that it is about, and what to paste."""

import base64
import html
import io
import json
import re
import shutil

import numpy as np
import pytest
from parsed_page import Page
from PIL import Image

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.doctor import examine, survey
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.visualisation.doctor_page.page import page
from wsfcn_tf.visualisation.doctor_page.places import Thumbnails

EVIL = "<script>alert(1)<"  # no slash: it is a file's name, too


def scene(seed, height=120, width=200):
    """A photo of large patches."""
    patches = np.random.default_rng(seed).integers(0, 256, (6, 10, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with an error, warnings and notes: copies in train and val, another with other tags, a broken photo."""
    root = tmp_path_factory.mktemp("data")
    tags = {f"{number}.jpg": "cat" if number % 2 else "dog" for number in range(12)}
    for number, name in enumerate(tags):
        scene(number).save(root / name, quality=95)
    tags[f"{EVIL}.jpg"] = "dog"
    scene(1).resize((100, 60)).save(root / f"{EVIL}.jpg")
    tags["again.png"] = "cat"
    scene(2).save(root / "again.png")
    tags["broken.jpg"] = "cat"
    (root / "broken.jpg").write_bytes(b"no photo")
    (root / "tags.csv").write_text("image,tags\n" + "".join(f'"{name}",{tag}\n' for name, tag in tags.items()))
    (root / "val.txt").write_text(f"{EVIL}.jpg\n3.jpg\n")
    write_mask(root / "masks" / f"{EVIL}.png", np.full((60, 100), 2, np.uint8))
    write_mask(root / "masks" / "3.png", np.full((120, 200), 1, np.uint8))
    return root


@pytest.fixture(scope="module")
def found(root):
    return survey(root, workers=2, progress=False)


@pytest.fixture(scope="module")
def text(found):
    return page(found, examine(found))


def articles(text):
    """{heading of a finding: its part of the page}"""
    parts = re.findall(r'<article class="finding (\w+)">(.*?)</article>', text, re.S)
    return {Page(re.search("<h3>.*?</h3>", part).group()).text: (level, part) for level, part in parts}


def test_findings_by_severity_with_their_photos_and_what_to_paste(root, text):
    found = articles(text)
    levels = [level for level, _ in found.values()]
    assert levels == sorted(levels, key=("error", "warning", "note").index) and set(levels) >= {"error", "warning"}
    level, part = found["1 photo of val that looks like one of train"]
    assert level == "warning"
    assert [image["alt"] for image in Page(part).all("img")] == ["1.jpg", f"{EVIL}.jpg"]
    (command,) = re.findall("<pre[^>]*>(.*?)</pre>", part)
    assert "<" not in command
    assert html.unescape(command).startswith(f"grep -vxF -e '{EVIL}.jpg' {root}/val.txt > ")
    level, part = found["photos that look alike with different tags"]
    assert f"1.jpg ~ {EVIL}.jpg" in Page(f"<p>{part}</p>").text
    assert "1.jpg,cat;dog\n2.jpg,cat;dog" in Page(f"<p>{part}</p>").text
    level, part = found["1 photo cannot be read"]
    assert level == "error" and f"{root}/broken.jpg: cannot be read" in part and "<img" not in part


def test_counts(text, found):
    words = Page(text).text
    assert "photos15masks2classes2errors1" in words
    assert f"{found.root}: recognised as tagged: tagged photos, has tags.csv" in words
    assert "classtrain (tags)val (tags)cat71dog61none of them00photos132" in words


def test_nothing_is_loaded_run_or_taken_for_tags(text):
    parsed = Page(text)
    assert not parsed.all("script") and len(parsed.all("style")) == 1
    assert not re.search(r"https?:", text) and "@import" not in text and "url(" not in text
    sources = [attributes["src"] for _, attributes in parsed.tags if "src" in attributes]
    assert sources and all(source.startswith("data:image/webp;base64,") for source in sources)
    policy = parsed.all("meta")[3]["content"]
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'none'"
    links = [attributes["href"] for attributes in parsed.all("a")]
    assert set(links) <= {f"#{attributes['id']}" for _, attributes in parsed.tags if "id" in attributes}


def test_thumbnails(root, found):
    thumbnails = Thumbnails(found.path_of)
    one, broken = thumbnails.of("1.jpg"), thumbnails.of("broken.jpg")
    assert one.size == (144, 86) and broken.picture is None and thumbnails.of("1.jpg") is one
    with Image.open(io.BytesIO(one.picture)) as picture:
        assert picture.size == one.size
        small = np.asarray(scene(1).resize(one.size, Image.Resampling.BOX), np.float64)
        assert np.abs(np.asarray(picture.convert("RGB")) - small).mean() < 6
    assert Thumbnails(lambda name: root / "nowhere").of("x").picture is None


def test_as_a_user_types_it(root, text, tmp_path, capsys):
    path = tmp_path / "new" / "report.html"
    assert main(["doctor", str(root), "--html", str(path), "--json", str(tmp_path / "report.json")]) == 2
    assert path.read_text(encoding="utf-8") == text
    assert f"\nreport: {path}\n" in capsys.readouterr().out
    assert len(list(path.parent.iterdir())) == 1
    pastes = [
        line for finding in json.loads((tmp_path / "report.json").read_text())["findings"] for line in finding["paste"]
    ]
    assert "1.jpg,cat;dog" in pastes
    assert main(["doctor", str(root), "--html", str(tmp_path)]) == 2
    assert capsys.readouterr().err.strip() == f"error: --html {tmp_path}: this is a folder: name a file"


def test_a_folder_in_order_and_names_that_are_no_text(tmp_path):
    for number in range(20):
        scene(number).save(tmp_path / f"{number}.png")
    rows = "".join(f"{number}.png,{('', 'cat', 'dog')[number % 3]}\n" for number in range(20))
    (tmp_path / "tags.csv").write_text(f"image,tags\n{rows}")
    found = survey(tmp_path, progress=False)
    assert "Nothing is wrong that doctor knows of." in Page(page(found, [])).text
    shutil.copy(tmp_path / "0.png", tmp_path / "x\udcff.png")
    found = survey(tmp_path, progress=False)
    assert "x?.png" in page(found, examine(found))


def test_the_same_bytes_for_the_same_folder(found, text):
    assert page(found, examine(found)) == text
    first = next(attributes["src"] for attributes in Page(text).all("img"))
    assert base64.b64decode(first.partition(",")[2])[8:12] == b"WEBP"
