import numpy as np
import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.metrics.formulas import class_counts
from wsfcn_tf.evaluation.metrics.per_image import PerImage

NAMES = ("bäche/1", "two", "3")


@pytest.fixture(params=[3, 255])
def matrices(request, rng):
    """Three images' sparse matrices, one of them empty, with counts that need 32 bits."""
    matrices = rng.integers(0, 2**32, (3, request.param, request.param))
    matrices[rng.random(matrices.shape) < 0.7] = 0
    matrices[1] = 0
    return matrices


@pytest.fixture
def per_image(matrices):
    per_image = PerImage(["background", *map(str, range(1, matrices.shape[1]))])
    for name, matrix in zip(NAMES, matrices):
        per_image.add(name, matrix)
    return per_image


def test_what_was_added_is_there(per_image, matrices):
    assert per_image.names == list(NAMES)
    for index, matrix in enumerate(matrices):
        np.testing.assert_array_equal(per_image.matrix(index), matrix)
    np.testing.assert_array_equal(per_image.class_counts(), [class_counts(matrix) for matrix in matrices])


def test_saved_and_loaded(per_image, matrices, tmp_path):
    per_image.save(tmp_path / "per_image.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["per_image.npz"]
    loaded = PerImage.load(tmp_path / "per_image.npz")
    assert (loaded.names, loaded.class_names) == (per_image.names, per_image.class_names)
    np.testing.assert_array_equal(loaded.class_counts(), per_image.class_counts())
    np.testing.assert_array_equal(loaded.matrix(2), matrices[2])


def test_what_cannot_be_loaded(per_image, tmp_path):
    path = tmp_path / "per_image.npz"
    with pytest.raises(UserError, match=r"per_image.npz: there is no such file: run evaluate again, which writes it$"):
        PerImage.load(path)
    per_image.save(path)
    for content in (path.read_bytes()[:-50], b"PK nothing", b""):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"per_image.npz: is not what evaluate writes under this name"):
            PerImage.load(path)
    np.savez(path, names=np.array(["a"]))
    with pytest.raises(UserError, match="is not what evaluate writes"):
        PerImage.load(path)
