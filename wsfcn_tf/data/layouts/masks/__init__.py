"""The masks in other tools' annotations, for evaluation only: opened when the first is asked for."""
