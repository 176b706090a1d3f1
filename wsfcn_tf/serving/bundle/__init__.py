"""All that starts a model server on exported networks: configs, warm-up records, container files, instructions."""
