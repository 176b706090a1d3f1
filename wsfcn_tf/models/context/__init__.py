"""Context modules on the last feature."""
