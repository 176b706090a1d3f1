"""What becomes part of a SavedModel: TensorFlow operations from a photo's bytes to a mask's."""
