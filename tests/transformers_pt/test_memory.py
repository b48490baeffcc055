"""Memory that runs out, for real: a process that may have only so much."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from transformers import BertConfig, BertModel

from tests.forks import ROOT
from tests.transformers_pt.checkpoints import wordpiece


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few weights, and much to keep of each text: a feed-forward layer of 20,000."""
    folder = tmp_path_factory.mktemp("wide") / "bert"
    size = len(wordpiece(folder))
    config = BertConfig(
        vocab_size=size, max_position_embeddings=64, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=20_000,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def run(wide: Path, out: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """Anew: a fork has what its parent has freed."""
    command = [sys.executable, "-m", "tests.transformers_pt.tight", str(wide), str(out), mode]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_a_batch_that_does_not_fit_is_halved_until_it_does(wide: Path, tmp_path: Path) -> None:
    done = run(wide, tmp_path, "auto")
    assert done.returncode == 0, done.stderr[-2000:]
    batch, parts, loss = done.stdout.split()[-3:]
    assert batch == "64" and int(parts) in (2, 4, 8, 16, 32, 64) and float(loss) < 3


def test_without_auto_batch_it_is_an_error_that_says_memory(wide: Path, tmp_path: Path) -> None:
    done = run(wide, tmp_path, "plain")
    assert done.returncode != 0 and "can't allocate memory" in done.stderr
