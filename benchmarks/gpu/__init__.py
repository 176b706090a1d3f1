"""What one NVIDIA GPU makes of the two networks: `python -m benchmarks.gpu`."""
