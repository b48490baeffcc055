"""The same weights in the other framework: a BERT classifier of Keras in PyTorch, or one of PyTorch in Keras."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from bench.api import STANDALONE, BenchError, Compression, Params, Resolved, RunContext, Split, Training, read_card
from tf_tinybert.presets import GELUS

OTHER = {"tinybert": "finetune", "finetune": "tinybert"}
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
"""What both layouts share; `model.json` is written new."""


class Port(Compression):
    """The same weights in the other framework, unchanged: what `tinybert` trained for PyTorch, `finetune` for Keras.

    Nothing gets smaller: its row shows that both frameworks compute the same, and which is faster.
    """

    name, framework = "port", "numpy"
    requires = ("safetensors",)
    takes = tuple(OTHER)
    example: ClassVar[str] = "finetune"

    def resolve(self, params: Params) -> Resolved:
        """The child has the layout of the other framework's recipe."""
        return replace(super().resolve(params), layout=OTHER)

    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Copy the files that both layouts share, and write into `model.json` what the other one needs."""
        (parent,) = parents
        layout = read_card(parent)["layout"]
        if layout not in OTHER:
            raise BenchError(f"port carries {' and '.join(sorted(OTHER))} models over, not '{layout}'")
        to = OTHER[layout]
        facts = json.loads((parent / "model.json").read_text(encoding="utf-8"))
        if to == "tinybert":
            _check_bert(parent, facts)
            kept = {key: facts[key] for key in ("label_names", "normalization", "max_length", "pretrained")}
            facts = kept | {"checkpoint": facts["backbone"]}
        else:
            facts = facts | {"pooling": "head", "backbone": facts["checkpoint"]}
        for name in FILES:
            shutil.copyfile(parent / name, out_dir / name)
        text = json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        (out_dir / "model.json").write_text(text, encoding="utf-8")
        return Training()


def _check_bert(parent: Path, facts: Mapping[str, Any]) -> None:
    config = json.loads((parent / "config.json").read_text(encoding="utf-8"))
    if config["model_type"] != "bert" or facts["pooling"] != "head":
        raise BenchError(
            f"port takes BERT with its own head to Keras, not {config['model_type']} with {facts['pooling']}"
        )
    if "shapes" in facts:
        raise BenchError("port takes layers of even widths to Keras; this model was pruned")
    if config["hidden_act"] not in GELUS:
        raise BenchError(f"Keras computes GELU, this model has hidden_act={config['hidden_act']}")
    if (mode := facts.get("long_texts", {}).get("mode", "head")) != "head":
        raise BenchError(f"port takes what reads the head of a long text to Keras; this model has long_texts={mode}")
