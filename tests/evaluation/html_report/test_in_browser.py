"""The page in Chromium, clicked through. Its screenshots stay in pytest's temporary folders, to look at."""

import re

import pytest
from browser import SCREENS, open_page
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from small_reports import CLASSES, write

EVIL = "<script>document.title='caught'</script>\"'>&amp;<img src=x onerror=\"document.title='caught'\">"
ALTS = ["the photo", "CAM", "Prediction", "After CRF", "the true masks"]


def one(parent, selector):
    return parent.find_element(By.CSS_SELECTOR, selector)


def every(parent, selector):
    return parent.find_elements(By.CSS_SELECTOR, selector)


def cell(page, truth, prediction):
    """A cell of the confusion matrix by its labels, scrolled to the screen's middle."""
    found = one(page, f".matrix tbody tr:nth-child({1 + truth}) td:nth-of-type({1 + prediction})")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    return found


def shown(figure):
    """What can be seen of an image's stages: from the end of its alternative text to its opacity."""
    script = """return [...arguments[0].querySelectorAll(".picture")].map(picture => {
        const style = getComputedStyle(picture), seen = style.visibility === "visible" && picture.clientWidth > 100;
        return [picture.querySelector("img").alt.split(": ")[1], seen ? Number(style.opacity) : 0]; })"""
    return {alt: opacity for alt, opacity in figure.parent.execute_script(script, figure) if opacity > 0}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("report") / "index.html"


@pytest.fixture(scope="module")
def metrics(path):
    return write(path)


@pytest.fixture
def page(browser, path, metrics):
    return open_page(browser, path)


@pytest.mark.parametrize("screen", SCREENS)
def test_all_images_are_there_and_nothing_is_wider_than_the_screen(browser, path, metrics, screen):
    page = open_page(browser, path, screen)
    page.save_screenshot(str(path.with_name(f"{screen}.png")))
    sizes = page.execute_script("return [...document.images].map(i => [i.complete, i.naturalWidth, i.naturalHeight])")
    assert sizes == [[True, 240, 160]] * (9 * 5)
    width = page.execute_script("return document.documentElement.scrollWidth")
    assert width <= SCREENS[screen][0]
    figure = one(page, ".example")
    assert one(figure, ".pictures").size["width"] >= 270
    tops = {button.location["y"] for button in every(figure, "button")}
    assert len(tops) == 1, "the stages' buttons do not fit beside each other"


def test_nothing_was_fetched(page):
    names = page.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in names if not name.startswith("data:")] == []


def test_buttons_show_a_stage(page):
    figure = one(page, "#worst-1")
    area = one(figure, ".pictures")
    assert shown(figure) == {"After CRF": 1}
    seen = set()
    for number, (button, alt) in enumerate(zip(every(figure, ".stages button"), ALTS, strict=True)):
        button.click()
        assert shown(figure) == {alt: 1}
        assert one(figure, "input").get_attribute("value") == str(number)
        assert one(figure, "input").get_attribute("aria-valuetext") == button.text
        assert [b.text for b in every(figure, "[aria-pressed=true]")] == [button.text]
        seen.add(area.screenshot_as_base64)
    assert len(seen) == 5, "two stages look the same"
    assert shown(one(page, "#worst-2")) == {"After CRF": 1}


def test_the_slider_goes_through_the_stages(page):
    figure = one(page, "#confused-1")
    slider = one(figure, "input")
    slider.click()  # in its middle
    assert list(shown(figure)) == ["Prediction"]
    slider.send_keys(Keys.HOME)
    for alt in ALTS:
        assert shown(figure) == {alt: 1}
        slider.send_keys(Keys.ARROW_RIGHT)
    assert shown(figure) == {ALTS[-1]: 1}, "behind the last stage there is nothing"
    slider.send_keys(Keys.ARROW_LEFT)
    assert shown(figure) == {ALTS[-2]: 1}
    ActionChains(page).click_and_hold(slider).move_by_offset(slider.size["width"] // 8, 0).release().perform()
    blend = shown(figure)
    assert list(blend) == ["Prediction", "After CRF"]
    assert blend["Prediction"] == 1 and 0.2 < blend["After CRF"] < 0.8


def test_one_button_for_all_images(page):
    figures = every(page, ".example")
    for stage, alt in (("Ground truth", "the true masks"), ("Photo", "the photo")):
        next(button for button in every(page, ".all button") if button.text == stage).click()
        assert [shown(figure) for figure in figures] == [{alt: 1}] * len(figures)


def test_headings_sort_the_classes(page, metrics):
    def column(number):
        return [row.text for row in every(page, f".classes tbody tr > :nth-child({number})")]

    def sorting():
        return [heading.get_attribute("aria-sort") for heading in every(page, ".classes thead th")]

    order = ["background", *CLASSES]
    assert column(1) == sorted(order, key=lambda name: -metrics.class_iou[name])
    buttons = every(page, ".classes thead button")
    for _ in range(2):
        buttons[3].click()
    recalls = [float(text) for text in column(4)]
    assert recalls == sorted(recalls) != sorted(recalls, reverse=True)
    assert sorting() == ["none", "none", "none", "ascending", "none"]
    buttons[0].click()
    assert column(1) == order
    buttons[1].click()
    assert sorting() == ["none", "descending", "none", "none", "none"]
    assert column(1) == sorted(order, key=lambda name: -metrics.class_iou[name])


def test_a_cell_of_the_matrix_says_what_it_holds(page, metrics):
    ActionChains(page).move_to_element(cell(page, 1, 2)).perform()
    count, total = metrics.confusion[1, 2], metrics.confusion[1].sum()
    assert 0 < count < total
    assert one(page, "#cell").text == (
        f"cat taken for dog: {100 * count / total:.2f} % of its {total:,} true pixels ({count:,})"
    )
    assert [marked.text for marked in every(page, ".matrix .on")][0:2] == ["dog", "cat"]
    one(page, ".matrix-box").send_keys(Keys.ARROW_LEFT)
    count = metrics.confusion[1, 1]
    assert one(page, "#cell").text.startswith("cat, found: ")
    assert one(page, "#cell").text.endswith(f"({count:,})")
    cell(page, 3, 3).click()
    assert one(page, "#cell").text.startswith("emu, found: ")


def test_a_name_in_the_matrix_is_the_classes(browser, tmp_path):
    write(tmp_path / "index.html", class_names=(EVIL, "dog"), names=(EVIL, "b"))
    page = open_page(browser, tmp_path / "index.html")
    cell(page, 1, 1).click()
    assert one(page, "#cell").text.startswith(f"{EVIL}, found: ")
    assert page.title == "mine on scenes, val split"
    assert one(page, "#worst-1 input").get_attribute("aria-label") in (f"Stage of {EVIL}", "Stage of b")
    assert len(every(page, "script")) == 1
    assert page.get_log("browser") == []


@pytest.mark.parametrize("screen", SCREENS)
def test_eighty_classes_scroll_in_a_box_of_their_own(browser, tmp_path, screen):
    names = [f"a class of number {number}" for number in range(80)]
    write(tmp_path / "index.html", class_names=names, keep=1)
    page = open_page(browser, tmp_path / "index.html", screen)
    assert page.execute_script("return document.documentElement.scrollWidth") <= SCREENS[screen][0]
    box = one(page, ".matrix-box")
    heading = one(page, ".matrix tbody tr:nth-child(80) th")
    scrolled = "arguments[0].scrollLeft = arguments[0].scrollTop = 5000; return arguments[0].scrollLeft"
    assert page.execute_script(scrolled, box) > 1000
    assert heading.location["x"] - box.location["x"] < 3, "the row's name has scrolled away"
    top = one(page, ".matrix thead th:nth-of-type(79)").location["y"]
    assert top - box.location["y"] < 3, "the column's name has scrolled away"


def test_dark_and_light(browser, path, metrics):
    colours = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        body = one(open_page(browser, path, media={"features": features}), "body")
        pair = (body.value_of_css_property(name) for name in ("color", "background-color"))
        colours.append([sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in pair])
    (ink, paper), (dark_ink, dark_paper) = colours
    assert ink + 500 < paper and dark_paper + 500 < dark_ink


def test_on_paper_all_stages_are_side_by_side(browser, path, metrics):
    page = open_page(browser, path, media={"media": "print"})
    figure = one(page, "#best-1")
    assert shown(figure) == dict.fromkeys(ALTS, 1)
    lefts = [picture.location["x"] for picture in every(figure, ".picture")]
    assert lefts == sorted(set(lefts))
    assert not one(figure, "input").is_displayed() and not one(figure, "button").is_displayed()
