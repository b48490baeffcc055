"""A recipe whose artifact holds machine code, as a compiled model does; it loads without."""

from __future__ import annotations

from pathlib import Path

from bench.api import STANDALONE, Params, Predictor, Recipe, RunContext, Split, Training, load_recipe


class Native(Recipe):
    """As `bayes`, with a shared library beside."""

    name, framework, requires = "native", "numpy", ("numpy",)
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
        (out_dir / "model.pt2").write_bytes(b"\x7fELF")
        return load_recipe("bayes").fit(train, validation, params, seed, out_dir, context)

    def load(self, artifact_dir: Path) -> Predictor:
        return load_recipe("bayes").load(artifact_dir)
