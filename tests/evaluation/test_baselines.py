import numpy as np
from memory_dataset import MemoryDataset

from wsfcn_tf.evaluation.baselines import ColourClassifier, all_background, colour_bins, fit_colours, histogram
from wsfcn_tf.evaluation.evaluator import evaluate
from wsfcn_tf.inference.stream import one_by_one

COLOURS = np.array([[120, 120, 120], [220, 30, 30], [30, 30, 220]])  # grey background, red and blue things
CLASSES = ("red", "blue")


def coloured_scenes(count, seed, *, with_masks):
    """Scenes whose colours, a little noisy, tell the classes apart; tags of one or both classes."""
    rng = np.random.default_rng(seed)
    images, tags, masks = {}, {}, {}
    for i in range(count):
        tag = [(1, 0), (0, 1), (1, 1)][i % 3]
        mask = np.zeros((20, 20), np.uint8)
        mask[2:9, 2:9] = tag[0] * 1
        mask[12:18, 8:18] = tag[1] * 2
        noise = rng.integers(-12, 13, (20, 20, 3))
        images[f"s{i}"] = (COLOURS[mask] + noise).astype(np.uint8)
        tags[f"s{i}"], masks[f"s{i}"] = tag, mask
    return MemoryDataset(CLASSES, images, tags=tags, masks=masks if with_masks else None)


def test_colour_classifier_learns_from_tags_where_colour_tells():
    classifier = ColourClassifier.fit(coloured_scenes(30, 0, with_masks=False), "train")
    metrics = evaluate(one_by_one(classifier), coloured_scenes(9, 1, with_masks=True), "val", progress=False)
    assert metrics.miou > 0.97
    assert metrics.map == 1.0


def test_colour_classifier_prediction():
    dataset = coloured_scenes(12, 0, with_masks=False)
    classifier = ColourClassifier.fit(dataset, "train")
    prediction = classifier(dataset.image("s0")[:11])
    assert (prediction.labels.dtype, prediction.masks.dtype, prediction.scores.dtype) == ("uint8", "float32", "float32")
    assert prediction.masks.shape == (11, 20, 3)
    np.testing.assert_allclose(prediction.masks.sum(-1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(prediction.labels, prediction.masks.argmax(-1))
    np.testing.assert_allclose(prediction.scores, prediction.masks[..., 1:].mean((0, 1)), rtol=1e-5)
    again = ColourClassifier.fit(dataset, "train")(dataset.image("s0")[:11])
    np.testing.assert_array_equal(again.masks, prediction.masks)


def test_a_colour_never_seen_is_background():
    classifier = ColourClassifier.fit(coloured_scenes(12, 0, with_masks=False), "train")
    assert not classifier(np.full((2, 2, 3), 255, np.uint8)).labels.any()


def test_fit_colours_gives_a_class_no_colour_that_only_untagged_images_have():
    histograms = np.array([[0.6, 0.4, 0.0], [0.6, 0.0, 0.4], [1.0, 0.0, 0.0]])
    weights = fit_colours(histograms, np.array([[1, 0], [0, 1], [0, 0]]), 50)
    np.testing.assert_array_equal(weights.argmax(axis=0), [0, 1, 2])
    assert weights[1, 2] < 1e-6 and weights[2, 1] < 1e-6
    assert (weights[0] > 0).all()


def test_fit_colours_reaches_the_maximum_likelihood():
    """At the optimum of the (concave) Poisson likelihood the gradient is 0, or negative where a weight is 0."""
    rng = np.random.default_rng(3)
    histograms = rng.dirichlet(np.ones(5), 20)
    tags = rng.integers(0, 2, (20, 2))
    holds = np.concatenate([np.ones((20, 1)), tags], axis=1)
    colours = fit_colours(histograms, tags, 5000) / holds.mean(axis=0)[:, None]
    gradient = holds.T @ (histograms / (holds @ colours) - 1)
    average = (histograms.sum(axis=0) + 1 / 5) / 21
    gradient[0] += 0.3 * 20 * (average / colours[0] - 1)
    assert (gradient < 1e-3).all()
    np.testing.assert_allclose(gradient * colours, 0, atol=1e-3)


def test_a_tag_that_no_image_has_is_never_predicted():
    weights = fit_colours(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[1, 0], [0, 0]]), 10)
    assert not weights[2].any()


def test_histogram():
    shares = histogram(np.array([[[0, 0, 0], [255, 255, 255]], [[0, 0, 0], [64, 63, 128]]], np.uint8))
    assert shares.shape == (64,)
    assert (shares[0], shares[63], shares[16 + 0 + 2], shares.sum()) == (0.5, 0.25, 0.25, 1.0)


def test_colour_bins():
    image = np.array([[[0, 0, 0], [255, 255, 255], [64, 63, 128]]], np.uint8)
    np.testing.assert_array_equal(colour_bins(image), [[0, 63, 16 + 0 + 2]])


def test_all_background():
    prediction = all_background(2)(np.zeros((3, 4, 3), np.uint8))
    assert prediction.labels.shape == (3, 4) and not prediction.labels.any()
    assert prediction.scores.tolist() == [0, 0]
    np.testing.assert_array_equal(prediction.masks, np.broadcast_to([1, 0, 0], (3, 4, 3)))
