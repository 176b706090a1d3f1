"""From a photo to a label for every pixel."""
