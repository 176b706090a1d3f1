"""`prepare-data`: what the benchmarks' sites offer, turned into a folder that `VocFolder` reads.

A `Plan` says what is to be made, from the originals alone, and `PreparedFolder` makes it. The TFDS builders read the
same plans.
"""
