"""What data and hardware decide of an experiment, and what training says before it begins."""

from dataclasses import replace

import numpy as np
import pytest
from short_runs import CONFIG, SCENES, with_training

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.distribution import open_strategy
from wsfcn_tf.training.experiment import open_experiment, resolve, told_by_tags


class OneTagEach(type(SCENES)):
    """Scenes whose masks show several classes, most of which a user has not tagged."""

    def tags(self, name):
        if name == self.names("train")[0]:
            raise UserError("nothing is known of its tags")
        return np.float32([1, 0, 0, 0, 0, 0])


BY_TAGS = replace(CONFIG, self_supervision=replace(CONFIG.self_supervision, rounds="tags"))
ONE_TAG_EACH = OneTagEach(CONFIG.data.scenes)


@pytest.mark.parametrize(("networks", "left"), [(1, 1), (3, 2)])
def test_rounds_by_tags_are_two_where_photos_have_one_and_share_the_networks(networks, left, tmp_path):
    config, run = replace(BY_TAGS, model=replace(BY_TAGS.model, networks=networks)), RunFolder(tmp_path)
    once, twice = resolve(config, SCENES, run), resolve(config, ONE_TAG_EACH, run)
    assert once.self_supervision == CONFIG.self_supervision
    assert twice.self_supervision == replace(CONFIG.self_supervision, rounds=2, known_balance=None)
    assert (once.model.networks, twice.model.networks) == (networks, left)
    with_masks = replace(config, data=replace(config.data, masks="train"))
    of_others = replace(config, data=replace(config.data, pseudo_masks={"masks": "hard"}))
    for learning in (with_masks, of_others):
        assert resolve(learning, ONE_TAG_EACH, run).self_supervision == CONFIG.self_supervision


def test_what_tags_decided_is_told(tmp_path):
    config = replace(BY_TAGS, inference=InferenceConfig(saliency=5, photo_cues="tags"))
    run = RunFolder(tmp_path)
    assert told_by_tags(config, resolve(config, ONE_TAG_EACH, run)) == (
        "what the config leaves to tags came to: self_supervision.rounds 2, model.networks 1, inference.photo_cues "
        "one_class, inference.saliency 5, inference.grab_cut 0"
    )
    assert told_by_tags(BY_TAGS, resolve(BY_TAGS, SCENES, run)).endswith(
        ": self_supervision.rounds 1, model.networks 1"
    )
    assert told_by_tags(CONFIG, resolve(CONFIG, SCENES, run)) == ""


def test_rounds_by_tags_stay_what_a_run_began_with(tmp_path):
    begun, first_round = RunFolder(tmp_path / "begun"), RunFolder(tmp_path / "first round")
    begun.create(resolve(BY_TAGS, SCENES, begun), SCENES.class_names)
    assert resolve(BY_TAGS, ONE_TAG_EACH, begun).self_supervision == CONFIG.self_supervision
    first_round.round(1).create(resolve(CONFIG, SCENES, first_round), SCENES.class_names)
    assert resolve(BY_TAGS, SCENES, first_round).self_supervision.rounds == 2


def test_photo_cues_by_tags_are_the_training_photos_and_stay_the_runs(tmp_path):
    config = replace(CONFIG, inference=InferenceConfig(saliency=5, photo_cues="tags"))
    one_tag, several, run = OneTagEach(CONFIG.data.scenes), SCENES, RunFolder(tmp_path / "run")
    assert np.mean([several.tags(name).sum() > 1 for name in several.names("train")]) > 0.5
    assert resolve(config, several, run).inference == InferenceConfig()
    resolved = resolve(config, one_tag, run)
    assert resolved.inference == InferenceConfig(saliency=5, photo_cues="one_class")

    run.round(2).round(1).create(resolved, SCENES.class_names)
    three = replace(config, self_supervision=replace(config.self_supervision, rounds=3))
    assert resolve(three, several, run).inference == resolved.inference
    assert resolve(config, several, run).inference == InferenceConfig()  # of one round, none has begun
    run.create(replace(resolved, inference=InferenceConfig()), SCENES.class_names)
    assert resolve(config, one_tag, run).inference == InferenceConfig()
    asked_otherwise = replace(config, inference=replace(config.inference, saliency=7))
    assert resolve(asked_otherwise, one_tag, run).inference.saliency == 0
    assert resolve(
        replace(asked_otherwise, inference=replace(config.inference, flip=True)), one_tag, run
    ).inference.flip


def test_log_odds_for_inference_are_those_of_the_training_photos(tmp_path):
    class ThreeClasses(type(SCENES)):
        def tags(self, name):
            index = self.names("train").index(name)  # of five
            return np.float32([1, index < 2, index < 1, 0, 0, index < 4])

    class NoTags(type(SCENES)):
        def tags(self, name):
            raise UserError("its tags are not known")

    adjusted = replace(CONFIG, inference=InferenceConfig(logit_adjustment=0.5))
    run = RunFolder(tmp_path / "run")
    found = resolve(adjusted, ThreeClasses(CONFIG.data.scenes), run)
    told = np.log([2 / 3, 1 / 4, 4])
    mean = told.mean()  # that of a class that none of the photos has, or all: it is not adjusted
    np.testing.assert_allclose(found.inference.class_log_odds, [mean, *told[:2], mean, mean, told[2]], atol=5e-5)
    run.create(found, SCENES.class_names)
    assert resolve(adjusted, SCENES, run).inference == found.inference  # what the run began with stays
    of_masks_alone = resolve(adjusted, NoTags(CONFIG.data.scenes), RunFolder(tmp_path)).inference
    assert of_masks_alone.class_log_odds == 6 * (0.0,)
    assert resolve(CONFIG, SCENES, RunFolder(tmp_path)).inference == CONFIG.inference


@pytest.mark.parametrize(
    ("epochs", "passes"),
    [(3, "1.50 passes over"), (1, "0.50 passes over the 5 photos: some are never seen, raise training")],
)
def test_training_says_how_many_passes_its_steps_are(epochs, passes, tmp_path):
    config = with_training(epochs=epochs, steps_per_epoch=1)
    (note,) = open_experiment(config, SCENES, RunFolder(tmp_path), open_strategy(), resume=False).notes
    assert note.startswith(f"training.epochs and steps_per_epoch are {passes}")


def test_training_warns_before_it_begins_of_photos_that_are_looked_at_too_large(tmp_path):
    class Cameras(type(SCENES)):
        def image(self, name):
            return np.zeros((300, 400, 3), np.uint8)

    class Unreadable(type(SCENES)):
        def image(self, name):
            raise UserError("is broken")

    def notes(dataset, config=CONFIG):
        run = RunFolder(tmp_path / "run")
        return open_experiment(config, dataset(CONFIG.data.scenes), run, open_strategy(), resume=False).notes

    (note,) = notes(Cameras)
    assert note.startswith(f"warning: {SCENES.names('train')[0]}: is 400x300 and looked at ")
    side = int(note.split("inference.photo_side=")[1].split()[0])
    assert notes(Cameras, replace(CONFIG, inference=InferenceConfig(photo_side=side))) == []
    assert notes(type(SCENES)) == notes(Unreadable) == []
