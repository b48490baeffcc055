"""A recipe that writes down what it was told of its run (tests)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bench.api import STANDALONE, Params, RunContext, Split, Training
from tests.recipes.bayes import Bayes


class Surroundings(Bayes):
    """A naive Bayes that leaves its run context, and the variables of its process, in the artifact (numpy)."""

    name = "surroundings"

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        told = {name: str(value) for name, value in vars(context).items()}
        told["variables"] = " ".join(name for name in os.environ if name.startswith("SENTIBENCH_"))
        (out_dir / "context.json").write_text(json.dumps(told))
        return super().fit(train, validation, params, seed, out_dir, context)
