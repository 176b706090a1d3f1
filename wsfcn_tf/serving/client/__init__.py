"""The client of a model server: one class over REST and gRPC."""

from wsfcn_tf.serving.client.client import Client
from wsfcn_tf.serving.client.errors import BadReply, Failed, Refused, ServingError, TimedOut, Unavailable
from wsfcn_tf.serving.client.limits import Limits, Timeouts
from wsfcn_tf.serving.client.replies import ServedPrediction
from wsfcn_tf.serving.client.retry import Retries

__all__ = [
    "BadReply",
    "Client",
    "Failed",
    "Limits",
    "Refused",
    "Retries",
    "ServedPrediction",
    "ServingError",
    "TimedOut",
    "Timeouts",
    "Unavailable",
]
