"""How training sees a photo: crops, mirror images and changes of colour, equal to Pillow's to the bit."""
