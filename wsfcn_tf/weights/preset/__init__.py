"""Trained networks as presets: folders in KerasHub's layout, to publish."""
