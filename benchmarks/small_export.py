"""An exported network that trains on two cores, with drawn weights: these change neither time nor memory."""

from dataclasses import replace
from pathlib import Path

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.config_file import load_config
from wsfcn_tf.data.tags.class_names import VOC
from wsfcn_tf.models import build_model
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.serving.export import export
from wsfcn_tf.serving.graph.limits import Limits
from wsfcn_tf.serving.graph.segmenter import ExportConfig
from wsfcn_tf.weights.trained import Trained


def export_small(folder: Path, inner_size: tuple[int, int] | None, limits: Limits | None = None) -> Path:
    """Exports the network of `configs/photos_small.yaml` for VOC's classes to folder/1, and returns that."""
    config = load_config(Path(__file__).parents[1] / "configs" / "photos_small.yaml")
    config = replace(config, model=replace(config.model, num_classes=len(VOC)))
    run = RunFolder(folder / "run")
    run.create(config, VOC)
    model = build_model(config.model)
    model.save_weights(run.weights)
    trained = Trained(model, config, VOC, run.weights, run.root)
    export(trained, ExportConfig(InferenceConfig(), inner_size, limits=limits or Limits()), folder / "1")
    return folder / "1"
