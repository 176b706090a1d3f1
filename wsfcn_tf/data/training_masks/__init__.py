"""Masks that training learns from, where it may: index masks in which 255 is unknown, of people and of programs."""
