"""`python -m compression`: compress a trained run by the name of a recipe."""

from bench.track import main

main("compression")
