"""Doctor's page in Chromium. Its screenshots stay in pytest's temporary folders, to look at."""

import numpy as np
import pytest
from browser import SCREENS, open_page
from PIL import Image
from selenium.webdriver.common.by import By

from wsfcn_tf.__main__ import main

EVIL = "<script>document.title='caught'<"  # no slash: it is a file's name, too


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The page about copies with different tags, one of them with a name that browsers could run."""
    root = tmp_path_factory.mktemp("data")
    tags = {f"{number}.png": "cat" if number % 2 else "dog" for number in range(12)}
    for number, name in enumerate(tags):
        patches = np.random.default_rng(number).integers(0, 256, (6, 10, 3), dtype=np.uint8)
        Image.fromarray(patches).resize((300, 180)).save(root / name)
    tags[f"{EVIL}.png"] = "dog"
    (root / f"{EVIL}.png").write_bytes((root / "1.png").read_bytes())
    (root / "tags.csv").write_text("image,tags\n" + "".join(f'"{name}",{tag}\n' for name, tag in tags.items()))
    page = root.parent / f"{root.name}-page" / "report.html"
    assert main(["doctor", str(root), "--html", str(page)]) == 0
    return page


@pytest.mark.parametrize("screen", SCREENS)
def test_thumbnails_are_there_and_nothing_is_wider_than_the_screen(browser, path, screen):
    page = open_page(browser, path, screen)
    page.save_screenshot(str(path.with_name(f"{screen}.png")))
    images = page.execute_script("return [...document.images].map(i => [i.alt, i.complete, i.naturalWidth > 50])")
    assert ["1.png", True, True] in images and [f"{EVIL}.png", True, True] in images
    assert page.execute_script("return document.documentElement.scrollWidth") <= SCREENS[screen][0]


def test_nothing_was_fetched_or_run(browser, path):
    page = open_page(browser, path)
    names = page.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in names if not name.startswith("data:")] == []
    assert page.title != "caught"


def test_what_to_paste_can_be_read_and_selected(browser, path):
    page = open_page(browser, path)
    boxes = [box for box in page.find_elements(By.TAG_NAME, "pre") if "1.png" in box.text]
    assert [box.text for box in boxes] == ["1.png,cat;dog"] and boxes[0].is_displayed()
    page.execute_script("getSelection().selectAllChildren(arguments[0])", boxes[0])
    assert page.execute_script("return String(getSelection())") == "1.png,cat;dog"


def test_links_lead_to_their_findings(browser, path):
    page = open_page(browser, path)
    links = page.find_elements(By.CSS_SELECTOR, "a[href^='#']")
    assert links
    for link in links:
        target = link.get_attribute("href").partition("#")[2]
        assert page.find_elements(By.ID, target), target
