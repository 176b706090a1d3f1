"""True labels in every form that they come in: PNGs, LabelMe's and COCO's JSON. For evaluation only."""
