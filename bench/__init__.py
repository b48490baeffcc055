"""Sentibench: which sentiment classifier to ship, inside a latency, size and quality budget."""

__version__ = "0.1.0"
