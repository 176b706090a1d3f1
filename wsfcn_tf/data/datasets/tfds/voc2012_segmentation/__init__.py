"""PASCAL VOC 2012 with SBD's masks as a TensorFlow dataset."""

from wsfcn_tf.data.datasets.tfds.voc2012_segmentation.voc2012_segmentation_dataset_builder import Builder

__all__ = ["Builder"]
