"""Datasets, augmentation, and the tf.data pipeline that feeds training."""
