"""That this file is here lets every test below import `short_runs` and `tiny_loops`."""
