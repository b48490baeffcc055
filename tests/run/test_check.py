"""`bench check`: the contract holds for our recipes, and its clauses can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Bench

CARELESS = '''
"""A recipe that breaks the contract in several clauses."""
import pickle
import time
import numpy as np
import pandas
from bench.api import Predictor, Recipe, Training

class _P(Predictor):
    parameters, nonzero_parameters, runtime = 1, 2, "numpy"
    def predict_proba(self, texts):
        row = np.random.default_rng(len(texts)).dirichlet([1, 1, 1], len(texts))
        return row.astype(np.float32)

class Careless(Recipe):
    """Breaks the contract."""
    name, framework = "careless", "none"
    defaults = {"a": 1}
    space = {"b": None}
    def fit(self, train, validation, params, seed, out_dir, context):
        (out_dir / "model.dat").write_bytes(pickle.dumps({"when": time.time()}))
        return Training()
    def load(self, artifact_dir):
        return _P()
'''


def test_a_recipe_that_keeps_the_contract(bench: Bench) -> None:
    done = bench("check", "bayes")
    assert done.returncode == 0, done.stdout
    assert "✗" not in done.stdout
    assert done.stdout.count("✓") == 14


def test_a_recipe_that_breaks_it(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "careless.py").write_text(CARELESS)
    done = bench("check", "careless", SENTIBENCH_RECIPES=str(tmp_path))
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if "✗" in line]
    for said in ("loads pandas", "has no parameter 'b'", "is a pickle", "differ by up to", "nonzero_parameters"):
        assert any(said in line for line in broken), (said, broken)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("empty", "", "must hold one recipe named 'empty'; it holds: none"),
        ("syntax", "def", "cannot be imported: SyntaxError"),
        ("bayes", None, "two recipes named 'bayes'"),
        ("former", CARELESS.replace("careless", "former").replace(", context", ""), "its fit takes no context; add"),
    ],
)
def test_a_recipe_file_with_a_mistake(bench: Bench, tmp_path: Path, name: str, text: str | None, said: str) -> None:
    from tests.conftest import RECIPES

    folder = tmp_path / "own"
    folder.mkdir()
    (folder / f"{name}.py").write_text(text if text is not None else (RECIPES / "bayes.py").read_text())
    done = bench("check", name, SENTIBENCH_RECIPES=f"{RECIPES}:{folder}")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
