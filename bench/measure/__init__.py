"""What is measured of a run: quality, size, latency, memory, energy."""
