"""Trains a network: `python train.py --config configs/NAME.yaml --set data.root=DIR --output DIR`."""

import sys

from wsfcn_tf.__main__ import process

if __name__ == "__main__":
    sys.exit(process(["train", *sys.argv[1:]]))
