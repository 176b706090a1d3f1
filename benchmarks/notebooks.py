"""Runs the notebooks of `examples/` and keeps what they print and show.

Run `python -m benchmarks.notebooks [NAME ...]` after a change of theirs: examples/NAME.ipynb are written anew, some
minutes each. The test of the notebooks runs them smaller, and keeps nothing.
"""

import argparse
import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
TIMEOUT = 3600  # seconds that a cell may take
# what TensorFlow says to itself
NOISE = re.compile(r"[IWE]\d{4} |.*WARNING: All log messages|INFO:tensorflow|  \d+: TensorSpec|Captures:|.* retracing")


def executed(path: Path, folder: Path, parameters: str | None = None) -> nbformat.NotebookNode:
    """The notebook after a run of all its cells, by a kernel of this environment.

    Args:
        path: of the notebook, which stays as it is.
        folder: where it runs and leaves its files.
        parameters: the source of the cell that is tagged "parameters", instead of its own.

    Raises:
        CellExecutionError: a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    if parameters is not None:
        (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
        cell.source = parameters
    client = NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": folder}})
    # the kernel and its commands take this clone's package
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    client.execute(env={**os.environ, "PYTHONPATH": search}, cleanup_kc=True)
    return notebook


def tidied(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """As it is committed: of lines that were written over, what was last seen; no times, no kernel's version."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [kept for output in _joined(cell.outputs) if (kept := _tidied(output)) is not None]
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """One output of the text on each of the two streams, in place of many."""
    joined: dict[str, nbformat.NotebookNode] = {}
    others = []
    for output in outputs:
        if output.output_type != "stream":
            others.append(output)
        elif output.name in joined:
            joined[output.name].text += output.text
        else:
            joined[output.name] = output
    return [*joined.values(), *others]


def _tidied(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """None for a stream of which nothing is left."""
    if output.output_type == "stream":
        lines = [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line.rstrip()) for line in output.text.split("\n")]
        seen = [line.rsplit("\r", 1)[-1].rstrip() for line in lines]
        output.text = "\n".join(line for line in seen if line and not NOISE.match(line)) + "\n"
        return output if output.text.strip() else None
    for kind in ("image/jpeg",) if "image/png" in output.get("data", {}) else ():
        output.data.pop(kind, None)  # Pillow shows each picture in both
    return output


def main() -> None:
    """Runs the notebooks that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=sorted(path.stem for path in EXAMPLES.glob("*.ipynb")))
    for name in parser.parse_args().names:
        path = EXAMPLES / f"{name}.ipynb"
        with tempfile.TemporaryDirectory() as folder:
            notebook = tidied(executed(path, Path(folder)))
        nbformat.write(notebook, path)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
