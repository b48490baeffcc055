"""A recipe that asks a question on standard input when it loads, as a library may; the answers are kept."""

from __future__ import annotations

import os
from pathlib import Path

from bench.api import STANDALONE, Params, Predictor, Recipe, RunContext, Split, Training, load_recipe


class Curious(Recipe):
    """As `bayes`; `$SENTIBENCH_ANSWERS` names the file that gets what was answered, a `|` behind each answer."""

    name, framework, requires = "curious", "numpy", ("numpy",)
    defaults = {"alpha": 1.0, "pause": 0.0}

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        return load_recipe("bayes").fit(train, validation, params, seed, out_dir, context)

    def load(self, artifact_dir: Path) -> Predictor:
        with Path(os.environ["SENTIBENCH_ANSWERS"]).open("ab") as answers:
            answers.write(os.read(0, 100) + b"|")
        return load_recipe("bayes").load(artifact_dir)
