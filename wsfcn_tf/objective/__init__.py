"""What training minimises: the losses, and the pseudo labels that the mask loss compares with."""
