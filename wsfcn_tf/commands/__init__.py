"""The commands of `python -m wsfcn_tf`, one module each: `add_arguments(parser)` and `run(arguments)`.

Only the module of the command that is asked for is imported, and `run` imports TensorFlow itself, so that `--help` and
mistakes in the arguments are answered at once.
"""

SUMMARIES = {
    "prepare-data": "make a folder to train on from the files of PASCAL VOC 2012 and SBD, or of COCO",
    "doctor": "say what is wrong with a folder of photos, tags and masks",
    "configs": "list the experiments that come with the package, or print one",
    "train": "train a network on photos and their tags",
    "runs": "list and compare trainings",
    "evaluate": "measure a trained network, or anybody's masks, on a split with masks",
    "compare": "put two evaluations side by side, with the paired bootstrap over images",
    "tables": "print the paper's Tables I to V with its figures beside those of a folder of results",
    "predict": "label every pixel of photos",
    "make-submission": "pack masks for the test server of PASCAL VOC 2012",
    "export": "write a trained network as a SavedModel for TensorFlow Serving",
    "serve-bundle": "write all that starts TensorFlow Serving on exported networks",
    "convert-weights": "turn PyTorch checkpoints into weights for these networks, and back",
    "networks": "list the networks of the paper's ablation tables with their sizes",
    "demo": "train, evaluate and show a small network on generated scenes",
}
