"""A convolution over static word vectors, as it is trained. Imported where TensorFlow is at hand."""

from __future__ import annotations

import keras
from keras import layers, ops

from baselines.recurrent import PAD_ID, MaskedPooling
from baselines.subwords import GRAMS, mean_embedding
from bench.api import Params


def build_convolution(vocabulary: int, labels: int, params: Params) -> keras.Model:
    """Word ids int32 [batch, time] and their n-grams int32 [batch, time, GRAMS] to logits float32 [batch, labels].

    The maximum over time of a convolution (Kim, 2014), and the mean vector (Iyyer et al., 2015), into one linear layer.
    `params`: `embedding` (width of a word's vector), `ngram_buckets`, `filters`, `window` (words that a filter sees),
    and the dropouts `word_dropout` (whole words), `embedding_dropout` (whole channels) and `dropout`.
    """
    ids = keras.Input((None,), dtype="int32", name="words")
    grams = keras.Input((None, GRAMS), dtype="int32", name="ngrams")
    mask = ops.not_equal(ids, PAD_ID)
    vectors = layers.Embedding(vocabulary, params["embedding"], name="embedding")(ids)
    vectors = vectors + mean_embedding(grams, params["ngram_buckets"], params["embedding"])
    vectors = vectors * ops.expand_dims(ops.cast(mask, vectors.dtype), -1)
    vectors = layers.SpatialDropout1D(params["embedding_dropout"])(vectors)
    vectors = layers.Dropout(params["word_dropout"], noise_shape=(None, None, 1))(vectors)
    windows = layers.Conv1D(params["filters"], params["window"], padding="same", name="convolution")(vectors)
    highest = ops.relu(MaskedPooling("max", name="max")(windows, mask))
    both = layers.Concatenate()([highest, MaskedPooling("mean", name="mean")(vectors, mask)])
    logits = layers.Dense(labels, dtype="float32", name="logits")(layers.Dropout(params["dropout"])(both))
    return keras.Model([ids, grams], logits, name="static")
