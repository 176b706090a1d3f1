"""Trained networks as SavedModels."""
