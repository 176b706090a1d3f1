from dataclasses import replace

import pytest

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.inference.provenance import thresholds_note

UNSAID = "not the release's, and inference.thresholds does not say how they were chosen"
OURS = InferenceConfig(background_value=0.1)


@pytest.mark.parametrize(
    "config",
    [
        InferenceConfig(scales=(1.0, 2.0), flip=True),
        InferenceConfig(background="power", background_value=3),
        InferenceConfig(background="none", background_value=7),
        InferenceConfig(crf=CRFConfig(iterations=10)),
        InferenceConfig(crf=CRFConfig(iterations=10, background_power=0, bilateral_sxy=80)),
        InferenceConfig(crf=CRFConfig(bilateral_sxy=7)),  # which is not used
        InferenceConfig(classes="tags", presence_threshold=0.9),  # neither is this
    ],
)
def test_the_releases_settings_are_known(config):
    assert thresholds_note(config) == "the release's"


@pytest.mark.parametrize(
    "config",
    [
        OURS,
        InferenceConfig(background="power", background_value=0.25),
        InferenceConfig(presence_threshold=0.2),
        InferenceConfig(crf=CRFConfig(iterations=5)),
        InferenceConfig(crf=CRFConfig(iterations=10, background_power=0)),
    ],
)
def test_others_have_to_be_explained(config):
    assert thresholds_note(config) == UNSAID
    assert thresholds_note(replace(config, thresholds="tags")) == "chosen without masks"
    assert thresholds_note(replace(config, thresholds="masks")).startswith("CHOSEN WITH MASKS")
