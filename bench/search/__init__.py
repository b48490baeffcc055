"""Hyper-parameter search: Optuna over the space that a recipe declares, on validation alone."""
