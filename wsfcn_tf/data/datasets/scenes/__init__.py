"""The generated dataset."""
