"""How far the goldens' three training steps are a matter of rounding: the same from images changed by 1e-7 and 1e-6.

Run `python -m benchmarks.trajectory`.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from golden import steps as golden_steps

from benchmarks.measure import where


def main() -> None:
    """Measures and prints."""
    print(f"{where()}\n\n| network | noise | step | classification | mask | gradient norms: worst, median |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in golden_steps.NETWORKS:
        for noise in (0.0, 1e-7, 1e-6):
            run = golden_steps.run(name, relative_noise=noise)
            relative = np.array(run.losses) / run.arrays["train_losses_3_steps"] - 1
            norms = list(golden_steps.norm_deviations(run).values())
            for step, (classification, mask) in enumerate(relative, start=1):
                shown = f"{max(norms):.1e}, {np.median(norms):.1e}" if step == 1 else ""
                print(f"| {name} | {noise:g} | {step} | {classification:+.1e} | {mask:+.1e} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
