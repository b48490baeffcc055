"""`python -m baselines`: train a baseline by name."""

from bench.track import main

main("baselines")
