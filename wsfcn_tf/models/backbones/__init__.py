"""Feature extractors: images -> (stride-4 feature, last feature)."""
