"""A recipe whose package nobody has."""

from __future__ import annotations

from pathlib import Path

from bench.api import STANDALONE, Params, Predictor, Recipe, RunContext, Split, Training


class Absent(Recipe):
    """Needs what is not there (tests)."""

    name, framework, requires = "absent", "none", ("no_such_package_anywhere",)

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        raise AssertionError("never called")

    def load(self, artifact_dir: Path) -> Predictor:
        raise AssertionError("never called")
