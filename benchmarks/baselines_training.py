"""Training speed of the Keras baselines against a plain Keras script of the same model, side by side.

`python -m benchmarks.baselines_training [DATASET]`. The plain script is what a tutorial does: the same layers, batch
size, optimizer and features, padded to the longest text (`lstm`) or dense (`dnn`), `model.fit` on arrays. Both train
one epoch on the same texts, in turns, each in a process of its own; the ratio of the medians is printed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.api import Split

ROWS, ROUNDS = 8000, 3
CHANGES: dict[str, dict[str, Any]] = {
    "lstm": {"epochs": 1, "max_length": 64},
    "dnn": {"epochs": 1, "max_features": 10_000},
}


def texts_of(dataset: str) -> tuple[Split, Split]:
    """Train and validation of a data set, cut to `ROWS` and a tenth of that."""
    from bench.data import DatasetRef, load

    found = load(DatasetRef(dataset))
    return tuple(
        Split(s.ids[:n], s.texts[:n], s.labels[:n], s.label_names)
        for s, n in ((found.train, ROWS), (found.validation, ROWS // 10))
    )  # type: ignore[return-value]


def by_recipe(name: str, train: Split, validation: Split) -> float:
    """Examples/s that the recipe tells of itself."""
    import importlib

    recipe = getattr(importlib.import_module(f"baselines.recipes.{name}"), name.capitalize())()
    with tempfile.TemporaryDirectory() as folder:
        log = recipe.fit(train, validation, {**recipe.defaults, **CHANGES[name]}, 0, Path(folder))
    return float(log.examples_per_second)


def by_plain_keras(name: str, train: Split, validation: Split) -> float:
    """Examples/s of `model.fit` on arrays."""
    import importlib

    import keras

    keras.utils.set_random_seed(0)
    defaults = getattr(importlib.import_module(f"baselines.recipes.{name}"), name.capitalize()).defaults
    params = {**defaults, **CHANGES[name]}
    inputs, model = (plain_lstm if name == "lstm" else plain_dnn)(train, params)
    model.compile(
        keras.optimizers.AdamW(params["learning_rate"]), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    started = time.perf_counter()
    model.fit(inputs, train.labels, batch_size=params["batch_size"], epochs=1, verbose=0)
    return len(train) / (time.perf_counter() - started)


def plain_lstm(train: Split, params: dict[str, Any]) -> tuple[Any, Any]:
    """Ids padded to the longest text, and the same layers from Keras alone."""
    from keras import Input, Model, layers, ops

    from baselines.sequences import pad, train_tokenizer

    tokenizer = train_tokenizer(train.texts, "bpe", params["vocabulary"], "plain-2", params["max_length"])
    ids = pad(tokenizer.encode(train.texts))
    inputs = Input((ids.shape[1],), dtype="int32")
    steps = layers.Embedding(len(tokenizer), params["embedding"], mask_zero=True)(inputs)
    steps = layers.SpatialDropout1D(params["embedding_dropout"])(steps)
    steps = layers.Bidirectional(layers.LSTM(params["units"], return_sequences=True))(steps)
    steps = layers.SpatialDropout1D(params["recurrent_dropout"])(steps)
    scores = layers.Dense(1, use_bias=False)(layers.Dense(64, activation="tanh")(steps))
    attended = ops.sum(ops.softmax(scores, axis=1) * steps, axis=1)
    vector = layers.Concatenate()([attended, layers.GlobalMaxPooling1D()(steps)])
    vector = layers.Dropout(params["dropout"])(vector)
    return ids, Model(inputs, layers.Dense(len(train.label_names), activation="softmax")(vector))


def plain_dnn(train: Split, params: dict[str, Any]) -> tuple[Any, Any]:
    """Dense TF-IDF rows, and the same layers."""
    from keras import Input, Model, layers

    from baselines.recipes.dnn import layer_widths
    from baselines.vectorize import TextFeatures

    rows = TextFeatures(params, "plain-2").fit_transform(train.texts).toarray()
    inputs = Input((rows.shape[1],))
    vector = layers.Dropout(params["input_dropout"])(inputs)
    for width in layer_widths(params["layers"]):
        vector = layers.Dropout(params["dropout"])(layers.Dense(width, activation="relu")(vector))
    return rows, Model(inputs, layers.Dense(len(train.label_names), activation="softmax")(vector))


def main(dataset: str = "emotions") -> None:
    """Print examples/s of both, and the ratio, for each recipe."""
    for name in CHANGES:
        speeds: dict[str, list[float]] = {"by_recipe": [], "by_plain_keras": []}
        for _ in range(ROUNDS):
            for side, found in speeds.items():
                command = [sys.executable, "-m", "benchmarks.baselines_training", dataset, name, side]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                found.append(json.loads(done.stdout.splitlines()[-1]))
        ours, theirs = (statistics.median(found) for found in speeds.values())
        print(f"{name}: {ours:,.0f} examples/s, plain Keras {theirs:,.0f}, ratio {ours / theirs:.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(globals()[sys.argv[3]](sys.argv[2], *texts_of(sys.argv[1]))))
    else:
        main(*sys.argv[1:])
