"""Measures a trained network or a folder of masks: `python evaluate.py --weights RUN`, `--masks DIR --data DIR`."""

import sys

from wsfcn_tf.__main__ import process

if __name__ == "__main__":
    sys.exit(process(["evaluate", *sys.argv[1:]]))
