"""SavedModels asked in an interpreter that has TensorFlow and nothing of ours."""

import json
import subprocess
import sys

import numpy as np

_CALL = """
import json
import sys
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel


def check(folder):
    meta = SavedModel.FromString(open(folder + "/saved_model.pb", "rb").read()).meta_graphs[0]
    nodes = list(meta.graph_def.node) + [node for f in meta.graph_def.library.function for node in f.node_def]
    functions = {f.signature.name for f in meta.graph_def.library.function}
    unknown = {node.op for node in nodes if not hasattr(tf.raw_ops, node.op)} - functions
    assert not unknown, unknown
    assert not any(f.attr["_XlaMustCompile"].b for f in meta.graph_def.library.function)


folders, photos, output = sys.argv[1:]
given = np.load(photos, allow_pickle=True)
images, encoded = tf.constant(given["images"]), tf.constant(given["encoded"].tolist())
answers = {}
for name, folder in json.loads(folders).items():
    check(folder)
    signatures = tf.saved_model.load(folder).signatures
    answers[name] = {
        "photos": {k: v.numpy() for k, v in signatures["serving_default"](image_bytes=encoded).items()},
        "labels": signatures["predict_array"](images=images)["labels"].numpy(),
        **{k: v.numpy() for k, v in signatures["probabilities"](images=images).items()},
    }
np.savez(output, answers=answers)
assert not any(name.startswith(("wsfcn_tf", "tensorflow_addons")) for name in sys.modules)
"""


def answers_alone(folders, images, encoded, tmp_path):
    """{name: {"photos": outputs of serving_default, "labels", "masks", "scores"}} of SavedModels {name: folder}.

    Checks, too, that all their operations are TensorFlow's own, and that none has to be compiled by XLA.
    """
    given, output = tmp_path / "given.npz", tmp_path / "answers.npz"
    np.savez(given, images=images, encoded=np.array([bytes(data) for data in encoded], object))
    paths = json.dumps({name: str(folder) for name, folder in folders.items()})
    words = [sys.executable, "-c", _CALL, paths, str(given), str(output)]
    subprocess.run(words, check=True, cwd=tmp_path)
    return np.load(output, allow_pickle=True)["answers"].item()
