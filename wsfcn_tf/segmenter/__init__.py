"""Raw photos in, labels out: one class over a run, an exported network or a model server."""
