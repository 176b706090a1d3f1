"""What is behind the fusion: the stochastic gate, the head, and from logits to image-level scores."""
