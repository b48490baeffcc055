"""Compression: smaller children of trained artifacts."""
