import numpy as np
import pytest
import tensorflow as tf
from networks import noise

from wsfcn_tf.ops import adaptive_average_pool


@pytest.mark.parametrize("size", [(6, 12), (7, 11), (1, 4), (41, 25)])
@pytest.mark.parametrize("bins", [1, 2, 3, 6])
def test_means_over_the_parts(size, bins):
    features = noise(2, *size, 3)
    pooled = np.asarray(adaptive_average_pool(tf.constant(features), bins))
    assert pooled.shape == (2, bins, bins, 3)
    for i, j in np.ndindex(bins, bins):
        rows = slice(i * size[0] // bins, int(np.ceil((i + 1) * size[0] / bins)))
        columns = slice(j * size[1] // bins, int(np.ceil((j + 1) * size[1] / bins)))
        np.testing.assert_allclose(pooled[:, i, j], features[:, rows, columns].mean((1, 2)), atol=1e-6)
