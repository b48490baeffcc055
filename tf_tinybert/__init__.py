"""The TensorFlow track: BERT encoders (TinyBERT and its like) in Keras, under a distribution strategy."""
