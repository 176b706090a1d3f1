import subprocess
import sys
from pathlib import Path

import numba
import numpy as np

from wsfcn_tf.data import compiled as module
from wsfcn_tf.data.compiled import compiled

ROOT = Path(__file__).parents[2]
CODE = """
import numpy as np
from wsfcn_tf.data.photos.saliency import barrier_distance
barrier_distance(np.zeros((3, 3, 1), np.float32))
print(sum(barrier_distance.stats.cache_hits.values()), sum(barrier_distance.stats.cache_misses.values()))
"""


def test_a_second_process_does_not_compile_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    found = [
        subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert found == ["0 1\n", "1 0\n"]


def test_without_a_folder_for_machine_code_it_is_compiled_all_the_same(monkeypatch):
    def njit(**options):
        if options.get("cache"):  # as Numba says it
            raise RuntimeError("cannot cache function 'twice': no locator available for file 'loops.py'")
        return numba.njit(**options)

    def twice(values):
        return 2 * values

    monkeypatch.setattr(module, "njit", njit)
    function = compiled(twice)
    np.testing.assert_array_equal(function(np.arange(3)), [0, 2, 4])
    assert function.targetoptions["nogil"]
