"""Names that parameters had in earlier versions."""

RENAMED = {"piece_dropout": "token_masking"}
"""From the name that stored results and suites may hold to today's."""
