"""`python -m compression`: make a smaller child of a run by a recipe's name."""

from bench.track import main

main("compression")
