"""A trained network as one file for TensorFlow Lite or ONNX Runtime: a photo of one fixed size to its masks."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import tensorflow as tf

from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.files import replacing, write_json
from wsfcn_tf.serving.export import check_exportable, metadata, weights_bytes
from wsfcn_tf.serving.graph.limits import LARGEST
from wsfcn_tf.serving.graph.rules import apply_rules
from wsfcn_tf.serving.graph.segmenter import ExportConfig
from wsfcn_tf.serving.graph.views import mean_of_views
from wsfcn_tf.weights.trained import Trained

Runtime = Literal["tflite-float16", "tflite-int8", "onnx"]
SUFFIXES = {"tflite-float16": ".tflite", "tflite-int8": ".tflite", "onnx": ".onnx"}
_OPSET = 17


def convert(trained: Trained, config: ExportConfig, output: str | Path, runtime: Runtime) -> None:
    """Writes a network with its rules: `images`, uint8 [1, H, W, 3], to the outputs of the signature `probabilities`.

    Beside FILE comes FILE.metadata.json.

    Args:
        trained: from `load_trained`.
        config: its `inner_size` is H and W; one view, no refinement. Limits do not count, there is one size only.
        output: the file to write.
        runtime: "tflite-float16" stores weights in half precision, "tflite-int8" in 8 bits (dynamic range: activations
            stay float32), "onnx" in float32.

    Raises:
        UserError: the file exists or its name does not end as it should, something is asked for that the runtime lacks,
            the file would be too large, or the converter is not installed or refuses the network.
    """
    output = Path(output)
    _check(trained, config, output, runtime)
    module = _FixedSize(trained, config)
    try:
        content = _CONVERTERS[runtime](module)
    except UserError:
        raise
    except Exception as error:  # both converters raise whatever they meet inside
        raise UserError(f"--format {runtime}: the converter refuses this network ({first_line(error)})") from error
    with replacing(output) as temporary:
        temporary.write_bytes(content)
    write_json(f"{output}.metadata.json", {**metadata(trained, config, "float32"), "format": runtime})


def _check(trained: Trained, config: ExportConfig, output: Path, runtime: Runtime) -> None:
    check_exportable(trained, config)
    if output.suffix != SUFFIXES[runtime]:
        raise UserError(f"{output}: the file for --format {runtime} must end in {SUFFIXES[runtime]}")
    if output.exists():
        raise UserError(f"{output}: exists; export to another file")
    if config.inner_size is None:
        raise UserError(f"--format {runtime} takes photos of one size: say which with --inner-size, such as 256x256")
    if config.inference.scales != (1.0,) or config.inference.window_scales or config.inference.flip:
        raise UserError(
            f"--format {runtime} looks once, it has no antialiased resize for other scales, and no window: add "
            "--set inference.scales=[1] --set inference.window_scales=[] --set inference.flip=false"
        )
    if config.refine != "none":
        raise UserError(f"--format {runtime} has no --refine {config.refine}: its loops are TensorFlow's; leave it out")
    size = weights_bytes(trained)
    if size > LARGEST:
        raise UserError(f"--format {runtime}: the weights are {size / 1e9:.1f} GB, more than the 2 GB of one file")


class _FixedSize(tf.Module):
    """The network and its rules for one photo of one size."""

    def __init__(self, trained: Trained, config: ExportConfig) -> None:
        super().__init__()
        self.parameters = [v if isinstance(v, tf.Variable) else v.value for v in trained.model.variables]
        signature = [tf.TensorSpec([1, *config.inner_size, 3], tf.uint8, name="images")]

        @tf.function(input_signature=signature, autograph=False)
        def probabilities(images: tf.Tensor) -> dict[str, tf.Tensor]:
            masks, logits = mean_of_views(trained.model, images, config.views_and_rules)
            scores = tf.sigmoid(logits)
            return {"masks": apply_rules(masks, scores, config.views_and_rules), "scores": scores}

        self.probabilities = probabilities


def _tflite(module: _FixedSize, half: bool) -> bytes:
    concrete = module.probabilities.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if half:
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def _onnx(module: _FixedSize) -> bytes:
    try:
        import tf2onnx
    except ImportError as error:
        raise UserError(
            f"--format onnx needs tf2onnx ({error}): pip install -r requirements-onnx.txt on TensorFlow 2.15"
        ) from error
    model, _ = tf2onnx.convert.from_function(module.probabilities, module.probabilities.input_signature, opset=_OPSET)
    return model.SerializeToString()


_CONVERTERS: dict[str, Callable[[_FixedSize], bytes]] = {
    "tflite-float16": lambda module: _tflite(module, half=True),
    "tflite-int8": lambda module: _tflite(module, half=False),
    "onnx": _onnx,
}
