"""What results show: intervals over texts, seeds and rounds, families of tests, equivalence, ranks over data sets."""
