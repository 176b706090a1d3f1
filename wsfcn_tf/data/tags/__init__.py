"""Which classes there are, and which of them each photo shows."""
