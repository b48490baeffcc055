"""Export to LiteRT (TensorFlow Lite): one file that a phone runs, in float32 or with 8-bit weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.api import (
    STANDALONE,
    BenchError,
    Compression,
    DeviceUse,
    Params,
    Predictor,
    Resolved,
    RunContext,
    Split,
    Training,
    did_you_mean,
    read_card,
)

PARENTS = ("dnn", "lstm", "tinybert", "tfmot")
PRECISIONS = ("float32", "dynamic_int8", "full_int8")


class Litert(Compression):
    """A `dnn`, an `lstm`, a `tinybert`, or what `tfmot` made of one, exported to LiteRT and run by its interpreter.

    `precision` is `float32`; `dynamic_int8` (weights of 8 bits; activations are float32, rounded for each product); or
    `full_int8` (activations too, their ranges taken from `calibration_texts` of the training texts).

    The .tflite file holds the network, from look-ups to logits. Outside of it stay what makes numbers of a text, in the
    files that the parent has for it (vocabulary and inverse document frequencies, or tokenizer), and the softmax or
    sigmoids.
    `dnn`: the file takes the n-grams of a text and looks up their rows of the first kernel. `lstm`: the kernel that
    TensorFlow has fused is LiteRT's own LSTM with the same weights in another order. `tinybert`: the encoder without
    its mask. Texts go through one at a time, unpadded, so none of them needs one. `model.json` lists the
    types of the numbers in the file, and the operators that are executed.
    """

    name, framework = "litert", "litert"
    requires = ("ai_edge_litert", "tensorflow", "keras", "tf_keras", "keras_hub", "tokenizers", "safetensors")
    headline_param = "precision"
    defaults = {
        "precision": "dynamic_int8",  # `float32`, `dynamic_int8` or `full_int8`
        "calibration_texts": 200  # training texts by which ranges of activations are chosen, for `full_int8`
    }  # fmt: skip
    sources = (
        "litert/convert.py", "litert/flatbuffer.py", "litert/graphs.py", "litert/predictor.py", "litert/texts.py",
        "tfmot/codebook.py", "tfmot/twins.py",
    )  # fmt: skip
    takes = PARENTS
    choices = {"precision": PRECISIONS}
    example = "dnn"
    multi_label = True

    def resolve(self, params: Params) -> Resolved:
        """It builds on the parents' layers, arrays and tokenizers."""
        return replace(super().resolve(params), builds_on=("dnn", "lstm", "tinybert"))

    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Raises `BenchError` for a parent of another layout, and for an operator that LiteRT has not."""
        layout, precision = read_card(parents[0])["layout"], params["precision"]
        if layout not in PARENTS:
            raise BenchError(f"litert cannot export the layout '{layout}': it takes {', '.join(PARENTS)}")
        if precision not in PRECISIONS:
            raise BenchError(f"precision={precision}: {did_you_mean(precision, PRECISIONS)}")
        from compression.litert.convert import export

        export(parents[0], layout, precision, train, params["calibration_texts"], seed, out_dir)
        return Training(device=DeviceUse(dtype="float32" if precision == "float32" else "int8"))

    def load(self, artifact_dir: Path) -> Predictor:
        """The LiteRT runtime and what reads texts; no TensorFlow."""
        from compression.litert.predictor import LiteRtPredictor

        return LiteRtPredictor(artifact_dir)
