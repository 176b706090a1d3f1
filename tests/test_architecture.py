"""The arrows of CONTRIBUTING.md ("Where things are"): which room imports which, and that no room is crowded."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "wsfcn_tf"
# {room: the rooms that its modules may import}; a room rests on those above it only
ARROWS = {
    "errors": "",
    "files": "errors",
    "processes": "",
    "config": "errors files",
    "ops": "",
    "data": "errors files processes config ops",
    "visualisation": "files data",
    "objective": "config ops",
    "metrics": "",
    "models": "errors config ops objective metrics",
    "losses": "objective",
    "pseudo_labels": "objective",
    "runs": "errors files config data models",
    "weights": "errors files config data models runs",
    "inference": "errors files processes config ops data visualisation",
    "evaluation": "errors files config data visualisation inference",
    "serving": "errors files config ops data models runs weights inference",
    "segmenter": "errors config data visualisation weights inference serving",
    "training": "errors files config ops data visualisation models objective runs weights inference evaluation",
    "cluster": "errors files config runs weights inference evaluation",
    "commands": "errors files config data visualisation models runs weights inference evaluation serving segmenter "
    "training cluster",
    "__main__": "errors commands",
}
MOST = 13
MANY = {"commands"}  # one file per command


def room(module):
    """The part of the package that a module belongs to; "" for the package itself."""
    return module.removeprefix("wsfcn_tf").removeprefix(".").partition(".")[0]


def imported(path):
    """The modules of this package that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            names = (
                [f"{node.module}.{name.name}" for name in node.names] if node.module == "wsfcn_tf" else [node.module]
            )
        else:
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.split(".")[0] == "wsfcn_tf")


def rooms():
    return sorted({path.stem for path in PACKAGE.glob("*") if path.suffix == ".py" or (path / "__init__.py").exists()})


def test_every_room_has_its_arrows_and_they_never_turn_back():
    assert set(rooms()) == {*ARROWS, "__init__"}
    order = list(ARROWS)
    for name, allowed in ARROWS.items():
        assert set(allowed.split()) <= set(order[: order.index(name)]), name


@pytest.mark.parametrize("name", ARROWS)
def test_imports_follow_the_arrows(name):
    files = [PACKAGE / f"{name}.py"] if (PACKAGE / f"{name}.py").exists() else (PACKAGE / name).rglob("*.py")
    allowed = {name, *ARROWS[name].split()}
    for file in files:
        for module in imported(file):
            if module not in ("wsfcn_tf", "wsfcn_tf.__version__"):
                assert room(module) in allowed, f"{file.relative_to(PACKAGE)} imports {module}"


def test_no_room_is_crowded():
    for folder in (path.parent for path in PACKAGE.rglob("__init__.py")):
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= MOST or folder.name in MANY, f"{folder.relative_to(PACKAGE)}: {len(modules)} modules"


def test_files_are_short():
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path.relative_to(PACKAGE)


def test_no_two_test_files_have_one_name():
    """pytest imports them by their names alone."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
