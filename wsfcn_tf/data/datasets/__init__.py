"""What training and evaluation read: photos with tags and masks, from folders, generated or of TFDS."""
