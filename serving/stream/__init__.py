"""A live stream of posts through a model: read, classified in micro-batches, written once, watched."""
