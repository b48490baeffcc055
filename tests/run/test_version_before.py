"""A suite that the version before has begun is resumed: what it stored is read through the migrations, or run again."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.board.rows import counted, rows
from bench.schema import SCHEMA_VERSION
from bench.store import Store
from tests.conftest import RECIPES, run_bench

MASKED = """
from tests.recipes.bayes import Bayes

class Masked(Bayes):
    "Naive Bayes with a parameter that was renamed."
    name = "masked"
    defaults = {**Bayes.defaults, "token_masking": 0.0}
"""
SUITE = """
name: begun
datasets: [toy]
seeds: [0, 1]
measure: none
runs:
  - {recipe: bayes}
  - {recipe: masked, params: {piece_dropout: 0.2}}
"""


@pytest.fixture(scope="module")
def first_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the suite, its recipe and a store with the first seed, run once."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "recipes").mkdir()
    (folder / "recipes" / "masked.py").write_text(MASKED)
    (folder / "begun.yaml").write_text(SUITE)
    done = resume(folder, "--seeds", "0")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def begun(first_seed: Path, tmp_path: Path) -> Store:
    """A store of the test's own, in which the suite is begun."""
    shutil.copytree(first_seed, tmp_path, dirs_exist_ok=True)
    return Store(tmp_path / "store")


def resume(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The suite's command."""
    recipes = {"SENTIBENCH_RECIPES": f"{RECIPES}:{folder / 'recipes'}"}
    return run_bench(folder, "run", "begun.yaml", "--smoke", *options, **recipes)


def make_older(path: Path, **identity: object) -> bytes:
    """`result.json` as version 1 wrote it: what a training has once stood in every entry of its history."""
    document = json.loads(path.read_bytes())
    training = document["training"]
    held = {name: training.pop(name) for name in ("trainable_share", "teacher_bytes")}
    assert set(held.values()) == {None}
    training["history"] = [entry | {"trainable_share": 0.5} for entry in training["history"]]
    document |= {"schema_version": 1, "run_id": path.parent.name}
    document["identity"] |= identity
    path.write_text(json.dumps(document))
    return path.read_bytes()


def test_a_suite_begun_by_the_version_before_is_resumed(tmp_path: Path, begun: Store) -> None:
    kept, renamed = (begun.folder(run_id) / "result.json" for run_id in begun.run_ids())
    before = make_older(kept)
    former = begun.folder("masked-toy-s0-0123456789")  # another name of a parameter made another key, and run id
    renamed.parent.rename(former)
    params = {"alpha": 2.0, "pause": 0.0, "words": "", "piece_dropout": 0.2}
    parts = json.loads((former / "result.json").read_bytes())["identity"]["key_parts"]
    parts |= {"params": json.dumps(params, sort_keys=True)}
    make_older(former / "result.json", params=params, variant="alpha=2.0,piece_dropout=0.2", key_parts=parts)
    shutil.rmtree(begun.keys)
    shutil.rmtree(begun.artifacts)

    planned = resume(tmp_path, "--dry-run").stdout
    assert "3 of 4 runs are due" in planned and "masked[alpha=2.0,token_masking=0.2] · toy · seed 0" in planned
    assert "params changed" in planned, "a run under a parameter's former name is the same one"

    done = resume(tmp_path)
    assert done.returncode == 0 and "4 ok; 1 of 4 from the store" in done.stdout, done.stdout + done.stderr
    assert kept.read_bytes() == before, "what counts as done is left as it was written"
    results = {result.run_id: result for result in begun.read_all()}
    assert len(results) == 5 and {result.schema_version for result in results.values()} == {SCHEMA_VERSION}
    assert {result.identity.params.get("token_masking") for result in results.values()} == {None, 0.2}
    training = results[kept.parent.name].training
    assert training and training.trainable_share == 0.5 and set(training.history[0]) == {"epoch", "loss"}
    current = counted(rows(begun.read_all()))
    assert sorted((row.recipe, row.seed) for row in current) == [(r, s) for r in ("bayes", "masked") for s in (0, 1)]
    assert former.name not in {row.run_id for row in current}, "the newer run of the same thing counts"
    assert "Everything is cached" in resume(tmp_path).stdout


def test_an_older_result_that_cannot_be_migrated_is_run_again_and_never_half_read(tmp_path: Path, begun: Store) -> None:
    torn, _ = (begun.folder(run_id) / "result.json" for run_id in begun.run_ids())
    make_older(torn)
    document = json.loads(torn.read_bytes())
    del document["identity"]["params"]
    torn.write_text(json.dumps(document))
    done = resume(tmp_path, "--seeds", "0")
    assert done.returncode == 0 and "2 ok; 1 of 2 from the store" in done.stdout, done.stdout + done.stderr
    warning = "marked as schema version 1, but no result of it"
    assert done.stderr.count("\n") == 1 and warning in done.stderr
    assert {result.outcome.status for result in begun.read_all()} == {"ok"} and len(begun.run_ids()) == 2
