"""Pictures of masks, uint8 RGB throughout."""
