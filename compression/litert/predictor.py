"""What runs an exported artifact: the LiteRT runtime, one text at a time. No TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import Predictor, Probabilities, Truncation, sigmoid, softmax, thread_limit
from compression.litert.texts import READERS, Inputs

SLICE = 64
"""Texts whose inputs are held at once."""


class LiteRtPredictor(Predictor):
    """Texts to inputs, each through the interpreter, logits to probabilities."""

    runtime = "litert"

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.reader, self.labels = READERS[facts["base"]](folder), len(facts["label_names"])
        self.activation = sigmoid if facts.get("multi_label") else softmax
        self.parameters, self.nonzero_parameters = sum(facts["weights"].values()), facts["nonzero"]
        self.dtype = "float32" if facts["precision"] == "float32" else "int8"
        self.interpreter = Interpreter(str(folder / "model.tflite"), num_threads=thread_limit())
        self.inputs = {
            given["name"].removeprefix("serving_default_").partition(":")[0]: given["index"]  # serving_default_pieces:0
            for given in self.interpreter.get_input_details()
        }
        self.output = self.interpreter.get_output_details()[0]["index"]
        self.shapes: dict[str, tuple[int, ...]] = {}

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        slices = [texts[start : start + SLICE] for start in range(0, len(texts), SLICE)]
        return np.concatenate([self._forward(self.reader.inputs(part)) for part in slices or [[]]])

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Texts to inputs, these to probabilities."""
        return {"tokenize": self.reader.inputs, "forward": self._forward}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """What is not read of these texts."""
        return self.reader.truncation(texts)

    def _forward(self, rows: list[Inputs]) -> Probabilities:
        logits = np.zeros((len(rows), self.labels), np.float32)
        for place, row in zip(logits, rows, strict=True):
            place[:] = self._invoke(row)
        return self.activation(logits)

    def _invoke(self, row: Inputs) -> Any:
        shapes = {name: array.shape for name, array in row.items()}
        if shapes != self.shapes:
            for name, shape in shapes.items():
                self.interpreter.resize_tensor_input(self.inputs[name], shape)
            self.interpreter.allocate_tensors()
            self.shapes = shapes
        for name, array in row.items():
            self.interpreter.set_tensor(self.inputs[name], array)
        self.interpreter.reset_all_variables()  # an LSTM would go on from the state after the last text
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output)
