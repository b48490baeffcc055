"""Serving: a trained artifact on a file, over HTTP, on a live stream."""
