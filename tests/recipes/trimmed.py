"""A real, quick compression recipe for tests of the harness: the smallest weights of `bayes` are dropped, in numpy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from bench.api import (
    STANDALONE,
    BenchError,
    Compression,
    Params,
    Resolved,
    RunContext,
    Split,
    Training,
    Uniform,
    read_card,
    teacher_probabilities,
)


class Trimmed(Compression):
    """Weights of a naive Bayes below a quantile become the mean of those (numpy)."""

    name, framework, requires = "trimmed", "numpy", ("numpy",)
    defaults = {"ratio": 0.5, "ask": False, "pause": 0.0}
    space = {"ratio": Uniform(0.1, 1.0)}
    example = "bayes"

    def resolve(self, params: Params) -> Resolved:
        return replace(super().resolve(params), layout="bayes", distills=bool(params["ask"]))

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
        (parent,) = parents
        if read_card(parent)["layout"] != "bayes":
            raise BenchError("trimmed takes bayes alone")
        if params["ask"]:
            assert teacher_probabilities(parent, train.texts, context).shape == (len(train), len(train.label_names))
        time.sleep(params["pause"])
        tensors = load_file(parent / "model.safetensors")
        weights = tensors["weights"]
        small = weights < np.quantile(weights, params["ratio"])
        tensors["weights"] = np.where(small, weights[small].mean(), weights)
        save_file(tensors, out_dir / "model.safetensors")
        return Training()
