"""TensorFlow Model Optimization on the Keras baselines."""
