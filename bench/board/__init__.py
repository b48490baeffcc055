"""What results say: rows, leaderboards, names, ties, families, comparisons, advice. It neither draws nor prints."""
