"""Photos: finding them, reading them, and what to do about those that cannot be read."""
