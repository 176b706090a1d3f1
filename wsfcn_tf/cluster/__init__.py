"""Training, labelling and evaluating on several machines, with Ray; nothing else in the package imports Ray."""
