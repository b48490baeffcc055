"""Batches, scores, names and starts, where no TensorFlow is needed; and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import BenchError
from tests.baselines.sentences import split
from tests.conftest import ROOT
from tests.tf_tinybert.conftest import run_phase
from tf_tinybert.checkpoint import read_tokenizer
from tf_tinybert.presets import ARCHITECTURES, SHIPPED, origin
from tf_tinybert.recipes.tinybert import Tinybert
from tf_tinybert.tokens import Encoder


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = run_phase("order", tmp_path_factory.mktemp("order") / "found", "")
    return found


def test_an_epoch_sees_each_text_once_in_whole_batches_of_like_length(order: dict[str, Any]) -> None:
    assert order["steps"] == 12 and order["widths"] == [16, 32, 64]
    epochs = [order["whole"][:24], order["whole"][24:]]
    for epoch in epochs:
        texts = [text for _, labels in epoch for text in labels]
        assert len(texts) == len(set(texts)) == 96
        for ids, labels in epoch:
            assert len(ids) == 4 and len(ids[0]) in (16, 32, 64)
            assert [row[:3] for row in ids] == [[label + 1] * 3 for label in labels]
    assert sum(len(ids[0]) == 16 for ids, _ in epochs[0]) >= 12
    assert [labels for _, labels in epochs[0]] != [labels for _, labels in epochs[1]]


def test_an_epoch_has_its_order_whenever_it_begins_and_whoever_reads_it(order: dict[str, Any]) -> None:
    assert order["later"][:24] == order["whole"][24:]
    first, second = order["parts"]
    assert [part for pair in zip(first, second, strict=True) for part in pair][:24] == order["whole"][:24]


def test_tokens_are_read_from_the_cache_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder(read_tokenizer(SHIPPED / "tweets-tiny"), "plain-2", 12)
    texts = [*split(20, 0).texts, "", "\ud83d"]
    encoder.cached(texts, tmp_path)
    next((tmp_path / "tokens").iterdir()).write_bytes(b"torn")
    with pytest.warns(UserWarning, match="thrown away and made again"):
        first = encoder.cached(texts, tmp_path)
    monkeypatch.setattr(Encoder, "tokenize", None)
    second = encoder.cached(texts, tmp_path)
    assert np.array_equal(first.flat, second.flat) and first.lengths.max() <= 12 and first.lengths.min() == 2
    assert len(list((tmp_path / "tokens").iterdir())) == 1


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_starts_from_the_shipped_checkpoint_of_its_shape_or_from_nothing(name: str) -> None:
    found = origin({**Tinybert.defaults, "architecture": name})
    assert found.architecture == ARCHITECTURES[name] and found.folder
    if found.pretrained:
        assert json.loads((found.folder / "config.json").read_text())["hidden_size"] == ARCHITECTURES[name].hidden
    assert origin({**Tinybert.defaults, "weights": "random"}).pretrained is False


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architecture": "tinybert5"}, "architecture=tinybert5: did you mean 'tinybert"),
        ({"checkpoint": "tweets-tinny"}, "unknown checkpoint 'tweets-tinny': did you mean 'tweets-tiny'"),
        ({"checkpoint": "tweets-tiny", "architecture": "mini"}, "is 2×128, 2 heads, not mini (4×256, 4 heads)"),
        ({"weights": "randon"}, "weights=randon: did you mean 'random'"),
    ],
)
def test_a_start_that_cannot_be_is_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BenchError) as error:
        origin({**Tinybert.defaults, **changes})
    assert said in str(error.value) and "\n" not in str(error.value)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tf_tinybert", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_script_tells_its_recipe_and_takes_an_architecture_for_one(tmp_path: Path) -> None:
    assert "--steps-per-execution" in run().stdout
    done = run("mini", "-d", "toy", "--dry-run", "--store", str(tmp_path / "store"))
    assert done.returncode == 0 and "architecture=mini" in done.stdout, done.stdout + done.stderr
    wrong = run("tinybirt", "-d", "toy")
    assert wrong.returncode == 2 and "did you mean 'tinybert'" in wrong.stderr


def test_an_export_of_no_artifact_is_one_line(tmp_path: Path) -> None:
    done = run("export", str(tmp_path), str(tmp_path / "out"))
    assert done.returncode == 2 and "is no artifact of `tinybert`" in done.stderr and done.stderr.count("\n") == 1
    assert "python -m tf_tinybert export ARTIFACT OUT" in run("export").stderr


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("ImportError('Keras 9 or newer is needed')", "do not fit one another (Keras 9 or newer is needed)"),
        ("ModuleNotFoundError('no keras_hub', name='keras_hub')", "missing keras_hub"),
    ],
)
def test_libraries_that_do_not_fit_are_one_line_and_missing_ones_are_named(
    raised: str, said: str, tmp_path: Path
) -> None:
    for name, content in (("tensorflow", "__version__ = '1'"), ("keras", ""), ("keras_hub", f"raise {raised}")):
        (tmp_path / f"{name}.py").write_text(content)
    code = (
        "from bench.api import BenchError\nfrom tf_tinybert.libraries import check_libraries\n"
        "try: check_libraries()\nexcept BenchError as error: print(error)\n"
        "except ModuleNotFoundError as error: print('missing', error.name)"
    )
    path = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | path, capture_output=True, text=True)
    assert said in done.stdout and done.stdout.count("\n") == 1, done.stderr


def test_labels_and_a_teacher_are_weighed_in_the_loss(tmp_path: Path) -> None:
    told = run_phase("losses", tmp_path / "found", "")
    logits = np.array(told["logits"])
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    labels = np.array([0, 0, 0, 0, 1, 2])
    hard, taught = -logs[np.arange(6), labels], -logs[:, 1].mean()
    weights = np.array([0.5, 2.0, 2.0])[labels]
    plain, balanced = hard.mean(), (weights * hard).mean()
    expected = [plain, balanced, 0.5 * taught + 0.5 * plain, 0.5 * taught + 0.5 * balanced]
    assert told["found"] == pytest.approx(expected, rel=1e-5)
