"""Baselines: linear models (scikit-learn), a dense network and a bidirectional LSTM (Keras 3 on TensorFlow)."""
