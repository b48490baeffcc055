"""A sequence classifier that was trained elsewhere: what it says of itself, and its answers in our labels' order.

Nothing heavy is imported: what a folder says is checked before anything runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.api import BenchError, did_you_mean, known_label, refuse_code
from transformers_pt.backbones import PICKLES

TASK = "ForSequenceClassification"
PARTS = ",;"
"""What parts the pairs of a mapping."""


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
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BenchError(f"{folder}: no readable config.json; give a folder in Hugging Face layout") from None
    labels = config_labels(config, str(folder))
    pickles = [name for name in PICKLES if (folder / name).is_file()]
    if not list(folder.glob("*.safetensors")):
        why = (
            f"its weights are a pickle ({pickles[0]}), which may run code when it is read" if pickles else "no weights"
        )
        raise BenchError(f"{folder}: {why}; save it with `model.save_pretrained(..., safe_serialization=True)`")
    return labels


def config_labels(config: Mapping[str, Any], where: str) -> list[str]:
    """The same of a configuration as its JSON has it."""
    made = (config.get("architectures") or ["no architecture"])[0]
    if not made.endswith(TASK):
        raise BenchError(
            f"{where} is a {made}, no classifier of texts (…{TASK}): train a head on it, "
            f"python -m bench run -r 'finetune[backbone={where}]' -d SET"
        )
    if config.get("problem_type") not in (None, "single_label_classification"):
        raise BenchError(f"{where} solves '{config['problem_type']}': one label a text is what is compared here")
    named = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}  # what the library leaves out: two of no name
    labels = [str(label) for _, label in sorted(named.items(), key=lambda item: int(item[0]))]
    if len(labels) < 2:
        raise BenchError(f"{where} has one output, a regression's: two labels or more are needed")
    return labels


def order_of(theirs: Sequence[str], ours: Sequence[str], mapping: str) -> list[int]:
    """Which output of the model stands for each of our labels: by the mapping `theirs=ours,…`, else by name.

    Raises `BenchError` where a label of either is left out, or two stand for one.
    """
    named = _parsed(mapping, theirs, ours)
    found: dict[str, int] = {}
    left: list[str] = []
    for output, label in enumerate(theirs):
        own = named.get(output) or known_label(label, ours)
        if own is None:
            left.append(label)
        elif own in found:
            raise BenchError(f"the model's '{theirs[found[own]]}' and '{label}' both stand for '{own}': one each")
        else:
            found[own] = output
    lacking = [label for label in ours if label not in found]
    if left or lacking:
        of_model = f"the model's {', '.join(left)} of none of the data set's" if left else ""
        of_set = f"the data set's {', '.join(lacking)} of none of the model's" if lacking else ""
        example = ",".join(
            f"{label}={lacking[i] if i < len(lacking) else '…'}" for i, label in enumerate(left or theirs)
        )
        raise BenchError(
            f"labels that stand for none: {'; '.join(filter(None, (of_model, of_set)))}; "
            f"say which is which, each once: --labels '{example}'"
        )
    return [found[label] for label in ours]


def _parsed(mapping: str, theirs: Sequence[str], ours: Sequence[str]) -> dict[int, str]:
    """Output to label, of `LABEL_0=bad,LABEL_1=good` or `0=bad,1=good`."""
    pairs: dict[int, str] = {}
    for pair in filter(str.strip, mapping.replace(PARTS[1], PARTS[0]).split(PARTS[0])):
        left, equals, right = (part.strip() for part in pair.partition("="))
        if not equals:
            raise BenchError(f"--labels '{pair}': write THEIRS=OURS, with commas between")
        label = left if left in theirs else theirs[int(left)] if left.isdigit() and int(left) < len(theirs) else None
        label = label or known_label(left, theirs)
        if label is None:
            raise BenchError(f"--labels: the model has no label '{left}': {did_you_mean(left, theirs)}")
        own = known_label(right, ours)
        if own is None:
            raise BenchError(f"--labels: the data set has no label '{right}': {did_you_mean(right, ours)}")
        pairs[list(theirs).index(label)] = own
    return pairs


def load_trained(source: str, label_names: Sequence[str], mapping: str) -> Any:
    """The classifier of a folder or hub name, float32, its outputs in the order of `label_names`, which it is told.

    Raises `BenchError` as the functions above, and for weights without a head.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from transformers_pt.backbones import explain

    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
        order = order_of(config_labels(config.to_dict(), source), label_names, mapping)
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
    _reorder(model, order, source)
    names = dict(enumerate(label_names))
    model.config.update({"id2label": names, "label2id": {name: i for i, name in names.items()}})
    return model


def _reorder(model: Any, order: Sequence[int], where: str) -> None:
    """Put the rows of the last layer in that order, and see that the answers are."""
    import torch

    ids = torch.arange(8)[None] % model.config.vocab_size
    model.eval()
    with torch.inference_mode():
        before = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    body = f"{model.base_model_prefix}."
    heads = [
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module.out_features == len(order) and not name.startswith(body)
    ]
    if heads:
        with torch.no_grad():
            for weights in filter(lambda each: each is not None, (heads[-1].weight, heads[-1].bias)):
                weights.copy_(weights[list(order)].clone())
    with torch.inference_mode():
        after = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    if not torch.allclose(before[:, list(order)], after, atol=1e-5):
        raise BenchError(f"{where}: its last layer is none whose outputs can be put in another order")
