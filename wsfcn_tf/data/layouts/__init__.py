"""What other tools and competitions write: which of their layouts a folder is in, and the photos' tags in it.

A module of tools/ for each layout has `recognise(folder)`, a few words that say what tells it or None, and
`read(folder, choices, gathering)`, which puts the photos and their tags into a `Gathering`. Masks of the outlines
in them are made by masks/, when one is asked for.
"""
