"""A model inside bounds, found in a time budget: families raced on validation, the best compressed, then measured."""
