"""`bench export-model`: folders that transformers loads alone, their cards, their upload."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard

from bench.errors import BenchError
from bench.hub import write_card
from bench.hub import write_folder as write
from bench.registry import load_artifact
from bench.schema import Result
from bench.store import Store
from tests.conftest import bench_environment
from tests.transformers_pt.checkpoints import checkpoint
from tests.transformers_pt.hub_server import TOKEN, hub
from transformers_pt.hub.folder import write_folder

QUICK = "max_length=24,batch_size=16,learning_rate=0.005,precision=float32,epochs=2"
POOLED = "cls+mean+max"
ALONE = """
import json, sys
from transformers import pipeline
found = {}
for folder in sys.argv[1:]:
    classify = pipeline("text-classification", folder, truncation=True, trust_remote_code=True, top_k=None)
    found[folder] = [{one["label"]: one["score"] for one in row} for row in classify(TEXTS)]
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Trained:
    """A store with runs of `bayes` and of an encoder, by its pooling: several, or the architecture's own head."""

    folder: Path
    results: dict[str, Result]

    def export(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bench", "export-model", *arguments]
        env = bench_environment(self.folder) | environment
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)

    @property
    def store(self) -> Store:
        return Store(self.folder / "store")

    def run_id(self, kind: str) -> str:
        return self.results[kind].run_id

    def artifact(self, kind: str) -> Path:
        return self.folder / "store" / "artifacts" / str(self.results[kind].identity.artifact)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("hub")
    backbone = checkpoint("bert", folder / "bert")
    recipes = [f"finetune[backbone={backbone},{QUICK},pooling={p}]" for p in (POOLED, "head")]

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "bench", "run", "-d", "toy", "--smoke", "--measure", "none", *arguments]
        done = subprocess.run(command, cwd=folder, env=bench_environment(folder), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    run("-r", recipes[0], "-r", recipes[1], "-r", "bayes")
    stored = list(Store(folder / "store").read_all())
    return Trained(folder, {str(result.identity.params.get("pooling", "bayes")): result for result in stored})


def test_transformers_alone_answers_as_the_artifact_does(trained: Trained, tmp_path: Path) -> None:
    for kind in (POOLED, "head"):
        written = write(trained.store, trained.run_id(kind), tmp_path / kind)
        assert ("trust_remote_code" in written.usage) == (kind == POOLED)
    texts = ["a lovely day and a kind word", "nobody answers, awful " * 30, "ok"]
    alone = ALONE.replace("TEXTS", repr(texts))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", alone, POOLED, "head"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    for kind in (POOLED, "head"):
        result = trained.results[kind]
        expected = load_artifact(trained.artifact(kind)).predict_proba(texts)
        found = [[row[label] for label in result.data.label_names] for row in answers[kind]]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_card_holds_the_scores_of_the_result(trained: Trained, tmp_path: Path) -> None:
    write(trained.store, trained.run_id(POOLED), tmp_path / "folder")
    write_card(trained.store, trained.run_id("bayes"), tmp_path / "card.md")
    for kind, path in ((POOLED, tmp_path / "folder" / "README.md"), ("bayes", tmp_path / "card.md")):
        card, result = ModelCard.load(path), trained.results[kind]
        assert result.quality is not None and card.data.eval_results is not None
        scores = {score.metric_name: score.metric_value for score in card.data.eval_results}
        assert scores == {
            "accuracy": pytest.approx(result.quality.accuracy.value, abs=1e-6),
            "macro_f1": pytest.approx(result.quality.macro_f1.value, abs=1e-6),
            "macro_recall": pytest.approx(result.quality.macro_recall.value, abs=1e-6),
        }
        assert f"{result.quality.accuracy.low:.4f}" in card.text and result.data.notes[0] in card.text


@pytest.mark.parametrize(
    ("kind", "arguments", "said"),
    [
        ("bayes", (), "--to card"),
        (POOLED, ("--to", "card", "--push", "me/it"), "leave --to out"),
        (POOLED, ("--out", "store"), "is there already"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_line(
    trained: Trained, kind: str, arguments: tuple[str, ...], said: str
) -> None:
    done = trained.export(trained.run_id(kind), *arguments)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (trained.folder / trained.run_id(kind)).exists()


@pytest.mark.parametrize(
    ("fact", "said"), [({"width": 16}, "uneven width"), ({"long_texts": {"mode": "chunks"}}, "long_texts=chunks")]
)
def test_what_transformers_has_no_form_for_is_refused(
    trained: Trained, tmp_path: Path, fact: dict[str, Any], said: str
) -> None:
    artifact = shutil.copytree(trained.artifact("head"), tmp_path / "artifact")
    facts = json.loads((artifact / "model.json").read_text()) | fact
    (artifact / "model.json").write_text(json.dumps(facts))
    with pytest.raises(BenchError, match=said):
        write_folder(artifact, tmp_path / "out", ["a text"])
    assert not (tmp_path / "out").exists()


def test_a_folder_is_pushed_where_a_token_allows_it(trained: Trained, tmp_path: Path) -> None:
    with hub() as server:
        where = {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path / "home")}
        run, out = trained.run_id("head"), tmp_path / "folder"
        done = trained.export(run, "--out", str(out), "--push", "me/emotions", HF_TOKEN=TOKEN, **where)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{server.address}/me/emotions/commit/" in done.stdout
        assert server.private["me/emotions"]
        assert server.repositories["me/emotions"] == {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.slow
def test_a_folder_that_is_not_taken_stays(trained: Trained, tmp_path: Path) -> None:
    with hub() as server:
        where = {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "hf_no"}
        out = tmp_path / "again"
        refused = trained.export(trained.run_id("head"), "--out", str(out), "--push", "me/other", **where)
        assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1
        assert "is written, but not pushed" in refused.stderr and "me/other" not in server.repositories
        assert (out / "config.json").exists()
