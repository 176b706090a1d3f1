"""The serving bundle: every file parsed by what will read it, the instructions followed, the warm-up replayed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import numpy as np
import pytest
import tensorflow as tf
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from loopback.grpc_end import serve_grpc
from loopback.model import Models
from loopback.rest import serve_rest
from loopback.toy import expected, photo, save_toy
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from wsfcn_tf.__main__ import main
from wsfcn_tf.errors import UserError
from wsfcn_tf.serving import Client
from wsfcn_tf.serving.bundle.bundle import _label

WARMUP = "assets.extra/tf_serving_warmup_requests"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """MODELS/cats with versions 2 and 10."""
    folder = tmp_path_factory.mktemp("models") / "cats"
    for version in (2, 10):
        save_toy(folder / str(version))
        (folder / str(version) / "assets.extra").mkdir()
        (folder / str(version) / "assets.extra" / "metadata.json").write_text(f'{{"limits": {{"batch": {version}0}}}}')
    (folder / "notes").mkdir()
    return folder


@pytest.fixture(scope="module")
def bundle(exported, tmp_path_factory):
    output = tmp_path_factory.mktemp("bundle") / "out"
    before = files(exported)
    settings = ["--warmup", "4", "--max-batch", "3", "--batch-timeout-ms", "7", "--batch-threads", "5"]
    assert main(["serve-bundle", str(exported), "--output", str(output), *settings]) == 0
    assert files(exported) == before
    return output


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_version_is_copied_whole(bundle, exported):
    for version in ("2", "10"):
        copy = files(bundle / "models" / "cats" / version)
        assert copy.pop(WARMUP)
        assert copy == files(exported / version)
    assert sorted(path.name for path in bundle.iterdir()) == [
        *("Dockerfile", "README.md", "compose.yaml", "config", "kubernetes.yaml", "models")
    ]
    assert [path.name for path in bundle.parent.iterdir()] == ["out"]


def test_models_config_by_the_official_protos(bundle):
    text = (bundle / "config" / "models.config").read_text()
    (model,) = text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("cats", "/models/cats", "tensorflow")
    assert list(model.model_version_policy.specific.versions) == [2, 10]
    assert dict(model.version_labels) == {"stable": 10}
    assert all((bundle / model.base_path[1:] / str(v)).is_dir() for v in model.model_version_policy.specific.versions)


def messages(**declared):
    """Message classes from {name: [(field, number, type)]}: those of files that tensorflow-serving-api leaves out."""
    file = descriptor_pb2.FileDescriptorProto(name="left_out.proto", package="left_out", syntax="proto3")
    file.dependency.append("google/protobuf/wrappers.proto")
    for name, fields in declared.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            added = message.field.add(name=field, number=number, label=1)
            if "." in kind:
                added.type, added.type_name = 11, kind
            else:
                added.type = {"bool": 8, "string": 9}[kind]
    pool = descriptor_pool.Default()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"left_out.{name}")) for name in declared}


@pytest.fixture(scope="module")
def left_out():
    """BatchingParameters (session_bundle_config.proto) and MonitoringConfig (monitoring_config.proto)."""
    number = ".google.protobuf.Int64Value"
    return messages(
        BatchingParameters=[
            ("max_batch_size", 1, number),
            ("batch_timeout_micros", 2, number),
            ("max_enqueued_batches", 3, number),
            ("num_batch_threads", 4, number),
        ],
        PrometheusConfig=[("enable", 1, "bool"), ("path", 2, "string")],
        MonitoringConfig=[("prometheus_config", 1, ".left_out.PrometheusConfig")],
    )


def test_batching_and_monitoring_configs(bundle, left_out):
    text = (bundle / "config" / "batching.config").read_text()
    batching = text_format.Parse(text, left_out["BatchingParameters"]())
    found = {field.name: value.value for field, value in batching.ListFields()}
    assert found == {
        "max_batch_size": 3,
        "batch_timeout_micros": 7000,
        "max_enqueued_batches": 80,
        "num_batch_threads": 5,
    }
    text = (bundle / "config" / "monitoring.config").read_text()
    prometheus = text_format.Parse(text, left_out["MonitoringConfig"]()).prometheus_config
    assert prometheus.enable
    assert prometheus.path in (bundle / "README.md").read_text()


def test_warm_up_records_replayed(bundle):
    model = tf.saved_model.load(str(bundle / "models" / "cats" / "10"))
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(bundle / "models" / "cats" / "10" / WARMUP))
    ]
    sizes = []
    for log in logs:
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "cats"
        inputs = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
        outputs = model.signatures[request.model_spec.signature_name](**inputs)
        sizes.append([tf.io.decode_png(mask).shape[0] for mask in outputs["mask_bytes"].numpy()])
    assert sizes == [[128], [256], [384], [128, 256, 384]]


def test_the_container_is_given_what_is_there(bundle):
    lines = (bundle / "Dockerfile").read_text().replace("\\\n", "").splitlines()
    instructions = [line.split(maxsplit=1) for line in lines if not line.startswith("#")]
    assert re.fullmatch(r"tensorflow/serving:2\.\d+\.\d+", instructions[0][1])
    copied = dict(reversed(rest.split()) for word, rest in instructions if word == "COPY")
    assert copied == {"/config": "config", "/models": "models"}
    flags = dict(flag[2:].split("=") for flag in json.loads(dict(instructions)["CMD"]))
    for flag in ("model_config_file", "batching_parameters_file", "monitoring_config_file"):
        assert (bundle / flags.pop(flag)[1:]).is_file()
    assert flags == {
        "allow_version_labels_for_unavailable_models": "true",
        "enable_batching": "true",
        "rest_api_timeout_in_ms": "60000",
    }
    service = yaml.safe_load((bundle / "compose.yaml").read_text())["services"]["cats"]
    assert service["build"] == "."
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]


def test_kubernetes_takes_its_manifest(bundle):
    objects = list(yaml.safe_load_all((bundle / "kubernetes.yaml").read_text()))
    for one in objects:
        kubernetes_validate.validate(one, "1.30", strict=True)
    deployment, service, scaler = objects
    assert (deployment["kind"], service["kind"], scaler["kind"]) == ("Deployment", "Service", "HorizontalPodAutoscaler")
    pod = deployment["spec"]["template"]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"] == "wsfcn-cats"
    (container,) = pod["spec"]["containers"]
    assert container["image"] == yaml.safe_load((bundle / "compose.yaml").read_text())["services"]["cats"]["image"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} == ports.keys()
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(ports["rest"])
    assert pod["metadata"]["annotations"]["prometheus.io/path"] in (bundle / "config/monitoring.config").read_text()
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**service, "spec": {"port": 1}}, "1.30", strict=True)


@pytest.mark.parametrize(("name", "label"), [("Cats_and.dogs", "wsfcn-cats-and-dogs"), ("x" * 90, "wsfcn-" + 57 * "x")])
def test_names_that_kubernetes_has(name, label):
    assert _label(name) == label


@pytest.fixture(scope="module")
def blocks(bundle):
    """{language: code} of README.md."""
    found = re.findall(r"```(bash|python)\n(.*?)```", (bundle / "README.md").read_text(), re.DOTALL)
    (curl,), (plain, ours) = ([code for word, code in found if word == wanted] for wanted in ("bash", "python"))
    return {"curl": curl, "gRPC": plain, "client": ours}


def test_the_instructions_work(bundle, blocks, tmp_path, monkeypatch, capsys):
    """Followed against the loopback servers, whose ports are other ones."""
    monkeypatch.chdir(tmp_path)
    image = photo(0)
    Image.fromarray(image).save("photo.jpg", format="PNG")
    models = Models(bundle / "models" / "cats", "cats", {"stable": 10})
    with serve_rest(models) as rest, serve_grpc(models) as grpc:
        here = {"http://localhost:8501": rest, "localhost:8500": grpc.removeprefix("grpc://")}
        for name, code in blocks.items():
            for there, url in here.items():
                code = code.replace(there, url)
            if name == "curl":
                printed = subprocess.run(
                    ["bash", "-ec", f"set -o pipefail\n{code}"], check=True, capture_output=True, text=True
                ).stdout
                check(image, printed)
            elif name == "gRPC":
                exec(code, {})
                check(image, capsys.readouterr().out)
            else:
                names = {}
                exec(code, names)
                np.testing.assert_array_equal(names["prediction"].labels, expected(image)[0])


def check(image, printed):
    labels, scores = expected(image)
    with Image.open("mask.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), labels)
    Path("mask.png").unlink()
    words, _, numbers = printed.partition(" ")
    assert words == "cat;dog"
    np.testing.assert_allclose(json.loads(numbers), scores, rtol=1e-6)


def error_of(capsys, *arguments):
    assert main(["serve-bundle", *map(str, arguments)]) == 2
    return capsys.readouterr().err


def test_what_cannot_be_bundled(exported, bundle, tmp_path, capsys):
    output = ["--output", tmp_path / "out"]
    for models, message in (
        (tmp_path / "gone", f"{tmp_path}/gone: no such folder; export a network to {tmp_path}/gone/1 first"),
        (exported / "2", f"{exported}/2: is one version; name the folder above it, {exported}"),
        (exported / "notes", f"{exported}/notes: holds no version, a folder such as {exported}/notes/1"),
    ):
        assert message in error_of(capsys, models, *output)
    (tmp_path / "a b" / "1").mkdir(parents=True)
    assert "its name is the model's: use letters" in error_of(capsys, tmp_path / "a b", *output)
    (tmp_path / "half" / "1").mkdir(parents=True)
    assert "half/1: is not a SavedModel" in error_of(capsys, tmp_path / "half", *output)
    (tmp_path / "half" / "1" / "saved_model.pb").write_bytes(b"nonsense")
    assert "half/1: is not a SavedModel" in error_of(capsys, tmp_path / "half", *output)
    module = tf.Module()
    module.call = tf.function(lambda x: x, input_signature=[tf.TensorSpec([])])
    tf.saved_model.save(module, str(tmp_path / "other" / "1"), signatures=module.call)
    assert "its serving_default does not take image_bytes" in error_of(capsys, tmp_path / "other", *output)
    assert f"{bundle}: exists; choose another --output" in error_of(capsys, exported, "--output", bundle)
    assert "was exported to take at most 20 photos" in error_of(capsys, exported, *output, "--max-batch", 21)
    for option, value in (("--warmup", 1001), ("--warmup", 0), ("--max-batch", 0), ("--batch-threads", 0)):
        assert f"error: {option} is 1 to 1,0" in error_of(capsys, exported, *output, option, value)
    assert not (tmp_path / "out").exists()


def test_a_bundle_that_fails_leaves_nothing(exported, tmp_path, monkeypatch):
    def full(path, requests):
        raise OSError("disk full")

    monkeypatch.setattr("wsfcn_tf.serving.bundle.bundle.write_warmup", full)
    with pytest.raises(OSError, match="disk full"):
        main(["serve-bundle", str(exported), "--output", str(tmp_path / "out")])
    assert list(tmp_path.iterdir()) == []


def test_a_server_older_than_what_it_serves(exported, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("wsfcn_tf.serving.bundle.bundle.installed", lambda package: "2.1.0")
    assert "tensorflow-serving-api is 2.1.0: make the bundle" in error_of(
        capsys, exported, "--output", tmp_path / "out"
    )
    image = ["--image", "example/serving:9"]
    assert main(["serve-bundle", str(exported), "--output", str(tmp_path / "out"), *image]) == 0
    assert (tmp_path / "out" / "Dockerfile").read_text().startswith("FROM example/serving:9\n")


def test_without_the_api(exported, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis.predict_pb2", None)
    release = ".".join(tf.__version__.split(".")[:2])
    message = f'need the package tensorflow-serving-api: pip install "tensorflow-serving-api~={release}.0"'
    assert message in error_of(capsys, exported, "--output", tmp_path / "out")
    with pytest.raises(UserError, match=message):
        Client("grpc://localhost")
    Client("http://localhost").close()
