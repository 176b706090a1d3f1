"""Trained networks as SavedModels, what a model server needs to serve them, and the client that asks it."""

from typing import Any

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    """Loaded on first use: what exports does not need the client."""
    if name != "Client":
        raise AttributeError(f"module 'wsfcn_tf.serving' has no attribute {name!r}")
    from wsfcn_tf.serving.client import Client

    return Client
