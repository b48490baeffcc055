"""A model of several labels a text, exported: what answers says all that a text has, by the model's thresholds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from bench.api import load_artifact, load_recipe
from serving.portable.browser import write_browser
from serving.portable.write import write_docker
from tests.tweets import NAMES, tweets

TEXTS = ["so happy and sad today", "furious bus", "tea 7"]
THRESHOLDS = [0.4, 0.5, 0.6]
ASK = "import json, sys; from classifier import Classifier; print(json.dumps(Classifier()(json.loads(sys.argv[1]))))"


def test_a_folder_answers_with_all_labels(tmp_path: Path) -> None:
    recipe, artifact = load_recipe("linear"), tmp_path / "artifact"
    artifact.mkdir()
    recipe.fit(tweets(300, 0), tweets(100, 1), {**recipe.defaults, "min_df": 1}, 0, artifact)
    card = {"recipe": "linear", "layout": "linear", "label_names": NAMES, "dataset": "mine", "thresholds": THRESHOLDS}
    (artifact / "artifact.json").write_text(json.dumps(card))
    write_docker(artifact, tmp_path / "out", "it", TEXTS)
    ran = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(TEXTS)], cwd=tmp_path / "out", capture_output=True, text=True, check=True
    )
    said = load_artifact(artifact).predict_proba(TEXTS)
    expected = [[n for n, p, least in zip(NAMES, row, THRESHOLDS, strict=True) if p >= least] for row in said]
    assert [row["labels"] for row in json.loads(ran.stdout)] == expected == [["joy", "sadness"], ["anger"], []]


def test_a_page_has_sigmoids_and_thresholds(onnx: Path, tmp_path: Path) -> None:
    artifact = Path(shutil.copytree(onnx, tmp_path / "artifact"))
    for name, more in (("model.json", {"multi_label": True}), ("artifact.json", {"thresholds": THRESHOLDS})):
        (artifact / name).write_text(json.dumps(json.loads((artifact / name).read_text()) | more))
    write_browser(artifact, tmp_path / "page", "it", [])
    config = json.loads((tmp_path / "page" / "model" / "config.json").read_text())
    assert config["problem_type"] == "multi_label_classification"
    assert (
        '"thresholds": {"negative": 0.4, "neutral": 0.5, "positive": 0.6}'
        in (tmp_path / "page" / "index.html").read_text()
    )
