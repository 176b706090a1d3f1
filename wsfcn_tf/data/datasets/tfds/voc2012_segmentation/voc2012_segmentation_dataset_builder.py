"""The builder of `voc2012_segmentation`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from wsfcn_tf.data.datasets.tfds.examples import examples, segmentation_features
from wsfcn_tf.data.prepare.plan import Plan
from wsfcn_tf.data.prepare.voc2012 import locate_sbd, locate_voc, plan_voc
from wsfcn_tf.data.tags.class_names import VOC

_VOC = ("VOCdevkit", "VOCtrainval_11-May-2012.tar")
_SBD = ("benchmark_RELEASE", "benchmark.tgz")
_SPLITS = ("train_aug", "train", "val")  # the test set has neither tags nor masks


class Builder(tfds.core.GeneratorBasedBuilder):
    """Splits: train_aug (10,582 images, SBD's masks among them), train (1,464, all in train_aug) and val (1,449)."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "VOC 2012's segmentation lists, and SBD's images."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put VOC 2012's VOCtrainval_11-May-2012.tar (or the folder VOCdevkit that is in it) and SBD's benchmark.tgz (or its
    folder benchmark_RELEASE) into the manual_dir.
    """

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="PASCAL VOC 2012 with the masks of the Semantic Boundaries Dataset: photos, image tags, masks.",
            features=segmentation_features(VOC),
            homepage="http://host.robots.ox.ac.uk/pascal/VOC/voc2012/",
            citation="""
@article{everingham2015pascal,
  author = {Everingham, M. and Eslami, S. M. A. and Van Gool, L. and Williams, C. K. I. and Winn, J. and Zisserman, A.},
  title = {The {PASCAL} Visual Object Classes Challenge: A Retrospective},
  journal = {International Journal of Computer Vision},
  volume = {111},
  number = {1},
  pages = {98--136},
  year = {2015},
}
@inproceedings{hariharan2011semantic,
  author = {Hariharan, Bharath and Arbel{\\'a}ez, Pablo and Bourdev, Lubomir and Maji, Subhransu and Malik, Jitendra},
  title = {Semantic Contours from Inverse Detectors},
  booktitle = {International Conference on Computer Vision},
  year = {2011},
}""",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        manual, unpacked = Path(dl_manager.manual_dir), Path(dl_manager.download_dir) / self.name
        voc = locate_voc(_first(manual, _VOC), unpacked)
        sbd = locate_sbd(_first(manual, _SBD), unpacked)
        plan = plan_voc([voc], sbd)
        return {split: self._generate_examples(plan, split) for split in _SPLITS}

    def _generate_examples(self, plan: Plan, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        return examples(plan, split)


def _first(manual: Path, names: tuple[str, ...]) -> Path:
    """The folder or the archive, whichever is there; the archive's path if neither is."""
    return next((manual / name for name in names if (manual / name).exists()), manual / names[-1])
