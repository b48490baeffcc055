"""Which model to ship inside bounds: chosen on validation, told by test, and how sure that is."""
