"""One recipe a file, found by its name."""
