"""Fusions of the shallow and the deep feature."""
