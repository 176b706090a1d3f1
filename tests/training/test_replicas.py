import os
import subprocess
import sys
from pathlib import Path

import numpy as np


def test_two_replicas_equal_one(tmp_path):
    """In a process of its own: the logical devices must be set up before TensorFlow starts."""
    script, output = Path(__file__).with_name("two_replicas.py"), tmp_path / "results.npz"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, script, output], env=environment, check=True)
    with np.load(output) as arrays:
        one, two = ({name[4:]: arrays[name] for name in arrays if name.startswith(kind)} for kind in ("one/", "two/"))
    assert one.keys() == two.keys() and len(one) > 200
    assert (one["mask"] > 0).any()
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=0, atol=1e-4 * max(np.abs(value).max(), 1e-2), err_msg=name)
