"""A sequence classifier that was trained elsewhere: what it says of itself, and its answers in our labels' order.

Nothing heavy is imported: what a folder says is checked before anything runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.api import BenchError, Split, refuse_code
from transformers_pt.backbones import PICKLES
from transformers_pt.label_order import MULTI_LABEL, order_of, reorder, tell_labels

TASK = "ForSequenceClassification"


def folder_labels(folder: Path) -> list[str]:
    """The labels of a model's folder, in the order of its outputs.

    Raises `BenchError` for a model of another task, an adapter, code, and weights that are a pickle alone.
    """
    refuse_code(folder)
    if (folder / "adapter_config.json").is_file():
        raise BenchError(
            f"{folder} is an adapter (adapter_config.json), no model: put it on its backbone with "
            "`python -m transformers_pt adapters apply`"
        )
    labels = config_labels(folder_config(folder), str(folder))
    pickles = [name for name in PICKLES if (folder / name).is_file()]
    if not list(folder.glob("*.safetensors")):
        why = (
            f"its weights are a pickle ({pickles[0]}), which may run code when it is read" if pickles else "no weights"
        )
        raise BenchError(f"{folder}: {why}; save it with `model.save_pretrained(..., safe_serialization=True)`")
    return labels


def folder_config(folder: Path) -> Mapping[str, Any]:
    """What the folder's configuration says; a `BenchError` where there is none."""
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BenchError(f"{folder}: no readable config.json; give a folder in Hugging Face layout") from None
    return config


def check_problem(config: Mapping[str, Any], multi_label: bool, where: str) -> None:
    """A `BenchError` for a model of several labels a text where these have one, or the other way round."""
    if multi_label == (config.get("problem_type") == MULTI_LABEL):
        return
    if multi_label:
        raise BenchError(
            f"{where} answers with one label a text (problem_type in its config.json), and a text of the data set may "
            f"have several; if its outputs are sigmoids, write '{MULTI_LABEL}' there"
        )
    raise BenchError(f"{where} solves '{MULTI_LABEL}', and a text of the data set has one label")


def config_labels(config: Mapping[str, Any], where: str) -> list[str]:
    """The same of a configuration as its JSON has it."""
    made = (config.get("architectures") or ["no architecture"])[0]
    if not made.endswith(TASK):
        raise BenchError(
            f"{where} is a {made}, no classifier of texts (…{TASK}): train a head on it, "
            f"python -m bench run -r 'finetune[backbone={where}]' -d SET"
        )
    if config.get("problem_type") not in (None, "single_label_classification", MULTI_LABEL):
        raise BenchError(f"{where} solves '{config['problem_type']}', which is no classification of texts")
    named = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}  # what the library leaves out: two of no name
    labels = [str(label) for _, label in sorted(named.items(), key=lambda item: int(item[0]))]
    if len(labels) < 2:
        raise BenchError(f"{where} has one output, a regression's: two labels or more are needed")
    return labels


def load_trained(source: str, split: Split, mapping: str) -> Any:
    """The classifier of a folder or hub name, float32, its outputs in the order of the split's labels.

    Its configuration is told their names. Raises `BenchError` as the functions above, and for weights without a head.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from transformers_pt.backbones import explain

    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
        told = config.to_dict()
        order = order_of(config_labels(told, source), split.label_names, mapping)
        check_problem(told, split.multi_label, source)
        model, report = AutoModelForSequenceClassification.from_pretrained(
            source, config=config, use_safetensors=True, output_loading_info=True, dtype="float32",
            trust_remote_code=False,
        )  # fmt: skip
    except BenchError:
        raise
    except Exception as error:
        raise BenchError(explain(source, error, "weights")) from None
    if missing := sorted(report["missing_keys"]):
        raise BenchError(
            f"the weights of {source} lack {len(missing)} tensors, '{missing[0]}' first: it is not trained"
        )
    reorder(model, order, source)
    tell_labels(model, split.label_names)
    return model
