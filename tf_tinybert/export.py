"""An artifact as a folder that `transformers` reads, with nothing of the harness in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from bench.api import BenchError
from tf_tinybert.checkpoint import read_tensors
from tf_tinybert.presets import Architecture
from tf_tinybert.weights import pairs

FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


def export(artifact: Path, out: Path) -> str:
    """Copy what `AutoModelForSequenceClassification` and `AutoTokenizer` read; what a user should know, in one line.

    The artifact is in that layout already: this checks it, and leaves out what only the harness reads. Raises
    `BenchError` for a folder that is no artifact of this track, and for one to make that holds something.
    """
    missing = [name for name in (*FILES, "model.json") if not (artifact / name).is_file()]
    if missing:
        raise BenchError(
            f"{artifact} is no artifact of `tinybert`: {', '.join(missing)} missing; give the folder of one"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BenchError(f"{out} is there already: give a folder that is new or empty")
    config = json.loads((artifact / "config.json").read_text(encoding="utf-8"))
    tensors = read_tensors(artifact)
    absent = [p.huggingface for p in pairs(Architecture.of(config).layers) if p.huggingface not in tensors]
    if absent:
        raise BenchError(f"the weights of {artifact} are not whole: '{absent[0]}' is missing; train the run again")
    facts = json.loads((artifact / "model.json").read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(artifact / name, out / name)
    return f"{out}: normalize texts by '{facts['normalization']}' before its tokenizer"
