"""The field's metrics: formulas, and the counts over images that they are computed from."""
