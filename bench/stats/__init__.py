"""What may be inferred from numbers: intervals, tests."""
