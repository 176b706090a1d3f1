"""An evaluation as one HTML page that needs nothing else: no network, no other file."""

from wsfcn_tf.evaluation.html_report.collector import ExampleCollector
from wsfcn_tf.evaluation.html_report.page import write_report

__all__ = ["ExampleCollector", "write_report"]
