"""What is wrong with a folder of data, and what to do about it: a survey, checks on it, and a report."""

from wsfcn_tf.data.doctor.checks import examine
from wsfcn_tf.data.doctor.findings import Finding
from wsfcn_tf.data.doctor.report import as_json, as_text
from wsfcn_tf.data.doctor.survey import Survey, survey

__all__ = ["Finding", "Survey", "as_json", "as_text", "examine", "survey"]
