import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import sys
for name in ("numba", "pydensecrf", "tensorflow_datasets", "jinja2"):
    sys.modules[name] = None  # importing it fails

import numpy as np
import tensorflow as tf
from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.evaluation.metrics.tag_health import warnings
from wsfcn_tf.evaluation.tag_collector import TagCollector
from wsfcn_tf.inference.annotation_output import open_annotations
from wsfcn_tf.inference.outputs import predict_jobs
from wsfcn_tf.inference.photos import named_photos
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import Photo, with_crf_processes
from wsfcn_tf.weights.trained import load_trained

def network(images, training):
    return {"masks": tf.nn.softmax(images), "scores": tf.reduce_mean(images, axis=(1, 2))[:, 1:]}

photo = Photo("a photo", np.zeros((4, 5, 3), np.uint8))
_, prediction = next(with_crf_processes(Predictor(network, InferenceConfig()))([photo]))
print(prediction.labels.shape)
"""


def test_a_photo_does_not_wait_for_libraries_that_it_does_not_need():
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "(4, 5)\n", done.stderr
