"""The notebooks run, and are committed as a run has left them."""

import ast
import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SMALL = "PHOTOS, HELD_OUT, EPOCHS = 32, 6, 3"


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} == {"own_photos", "keras_fit"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_as_a_run_has_left_it(path):
    codes = cells(path, "code")
    assert path.stat().st_size < 300_000
    assert [cell["execution_count"] for cell in codes] == list(range(1, len(codes) + 1))
    outputs = [output for cell in codes for output in cell["outputs"]]
    assert not any(output["output_type"] == "error" for output in outputs)
    kinds = {kind for output in outputs for kind in output.get("data", ())}
    assert {"image/png", "text/html"} <= kinds  # a panel, and a segmentation
    text = json.dumps(outputs)
    assert "/tmp/" not in text and "\\r" not in text and "Traceback" not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_cells_are_python_and_its_parameters_those_of_the_test(path):
    for cell in cells(path, "code"):
        ast.parse(source(cell))
    (parameters,) = (cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", ()))
    names = [ast.unparse(ast.parse(text).body[0].targets[0]) for text in (source(parameters), SMALL)]
    assert names[0] == names[1]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path):
    from benchmarks.notebooks import executed

    notebook = executed(path, tmp_path, parameters=SMALL)
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", ()) for output in shown)
