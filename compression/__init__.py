"""Compression: smaller and faster children of trained artifacts."""
