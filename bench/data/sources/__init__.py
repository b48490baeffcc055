"""Where published data sets are brought from, one kind of place a file."""
