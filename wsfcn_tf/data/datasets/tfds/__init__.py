"""PASCAL VOC 2012 and COCO 2014 with masks as TensorFlow datasets.

`import wsfcn_tf.data.datasets.tfds` makes `voc2012_segmentation` and `coco2014_segmentation` known to `tfds.load`.
"""

from wsfcn_tf.data.datasets.tfds import coco2014_segmentation, voc2012_segmentation

__all__ = ["coco2014_segmentation", "voc2012_segmentation"]
