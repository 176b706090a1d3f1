"""What the pages point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
TEXTS = [*PAGES, *sorted(ROOT.glob("configs/*.yaml")), *sorted(ROOT.glob("benchmarks/*.py"))]


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_and_headings(page):
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_named_files_and_modules_exist(path):
    text = path.read_text(encoding="utf-8")
    for named in re.findall(r"\b(?:configs/\w+\.yaml|benchmarks/\w+\.(?:md|py)|requirements-\w+\.txt)", text):
        assert (ROOT / named).is_file(), named
    for module in re.findall(r"python -m (benchmarks\.\w+)", text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), module
    assert not re.search(r"@[A-Z]+@", text)


def test_named_tests_exist():
    text = (ROOT / "docs" / "data_tests.md").read_text(encoding="utf-8")
    placed = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert len(placed) > 20
    for file, test in placed:
        assert f"def {test}" in (ROOT / file).read_text(encoding="utf-8"), (file, test)
    layouts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "data").rglob("test_*.py")]
    for test in re.findall(r"`(test_\w+)(?:\[[^\]]*\])?`", text):
        assert any(f"def {test}(" in content for content in layouts), test
