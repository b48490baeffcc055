"""Artifacts as folders that need nothing of this project: for Docker, for Lambda, for a browser."""
