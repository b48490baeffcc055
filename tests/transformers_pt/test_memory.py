"""Memory that runs out, for real: a process that may have only so much."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from transformers import BertConfig, BertModel

from tests.conftest import ROOT
from tests.transformers_pt.checkpoints import wordpiece

SCRIPT = """
import os, resource, sys
from pathlib import Path
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # each thread takes memory of its own
from tests.baselines.sentences import split
from transformers_pt.recipes.finetune import Finetune
backbone, out, auto = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "auto"
recipe = Finetune()
given = {"backbone": backbone, "batch_size": 64, "epochs": 1, "max_length": 32, "precision": "float32"}
def fit(name, **more):
    (out / name).mkdir()
    return recipe.fit(split(128, 0), split(8, 1), recipe.defaults | given | more, 0, out / name)
fit("warm", batch_size=1)  # libraries, threads and arenas are there
size = int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + 250_000_000,) * 2)
log = fit("tight", auto_batch=auto)
print(log.device.batch_per_replica, log.device.accumulation, log.history[-1]["loss"])
"""


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
    command = [sys.executable, "-c", SCRIPT, str(wide), str(out), mode]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_a_batch_that_does_not_fit_is_halved_until_it_does(wide: Path, tmp_path: Path) -> None:
    done = run(wide, tmp_path, "auto")
    assert done.returncode == 0, done.stderr[-2000:]
    batch, parts, loss = done.stdout.split()[-3:]
    assert batch == "64" and int(parts) in (2, 4, 8, 16, 32, 64) and float(loss) < 3


def test_without_auto_batch_it_is_an_error_that_says_memory(wide: Path, tmp_path: Path) -> None:
    done = run(wide, tmp_path, "plain")
    assert done.returncode != 0 and "can't allocate memory" in done.stderr
