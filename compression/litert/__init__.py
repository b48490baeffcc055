"""Export to LiteRT (TensorFlow Lite) and the predictor of what was exported."""
