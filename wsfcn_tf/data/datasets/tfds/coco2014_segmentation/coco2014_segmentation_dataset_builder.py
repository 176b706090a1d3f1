"""The builder of `coco2014_segmentation`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from wsfcn_tf.data.datasets.tfds.examples import examples, segmentation_features
from wsfcn_tf.data.prepare.coco2014 import locate_instances, plan_coco
from wsfcn_tf.data.prepare.plan import Plan
from wsfcn_tf.data.tags.class_names import COCO


class Builder(tfds.core.GeneratorBasedBuilder):
    """Splits: train (82,081 images) and val (40,137); images without objects are left out."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "COCO 2014's instances as index masks."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Unpack COCO's train2014.zip, val2014.zip and annotations_trainval2014.zip in the manual_dir: it then holds the
    folders train2014, val2014 and annotations.
    """

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="COCO 2014's instances as masks of 80 classes: photos, image tags, masks.",
            features=segmentation_features(COCO),
            homepage="https://cocodataset.org/",
            citation="""
@inproceedings{lin2014microsoft,
  author = {Lin, Tsung-Yi and Maire, Michael and Belongie, Serge and Hays, James and Perona, Pietro and
            Ramanan, Deva and Doll{\\'a}r, Piotr and Zitnick, C. Lawrence},
  title = {Microsoft {COCO}: Common Objects in Context},
  booktitle = {European Conference on Computer Vision},
  year = {2014},
}""",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        manual = Path(dl_manager.manual_dir)
        plan = plan_coco([manual], locate_instances(manual))
        return {split: self._generate_examples(plan, split) for split in plan.splits}

    def _generate_examples(self, plan: Plan, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        return examples(plan, split)
