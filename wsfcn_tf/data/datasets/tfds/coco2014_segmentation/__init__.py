"""COCO 2014 with index masks as a TensorFlow dataset."""

from wsfcn_tf.data.datasets.tfds.coco2014_segmentation.coco2014_segmentation_dataset_builder import Builder

__all__ = ["Builder"]
