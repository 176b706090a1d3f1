"""Measures a trained network: `python evaluate.py --weights DIR_OR_FILE --data DIR --split val`."""

import sys

from wsfcn_tf.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
