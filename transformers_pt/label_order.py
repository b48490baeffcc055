"""Which output of a classifier stands for which label of a data set, and its last layer put in that order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.api import BenchError, did_you_mean, known_label

MULTI_LABEL = "multi_label_classification"
PARTS = ",;"
"""What parts the pairs of a mapping."""


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


def problem_type(multi_label: bool) -> str | None:
    """Of a configuration: by it a pipeline of `transformers` answers with a sigmoid a label, or a softmax."""
    return MULTI_LABEL if multi_label else None


def tell_labels(model: Any, label_names: Sequence[str]) -> None:
    """Its configuration names the outputs so."""
    names = dict(enumerate(label_names))
    model.config.update({"id2label": names, "label2id": {name: i for i, name in names.items()}})


def keep_by_name(model: Any, label_names: Sequence[str], where: str) -> None:
    """A trained head stays where it has these labels, in their order; else its last layer is made new."""
    theirs = [str(label) for _, label in sorted(model.config.id2label.items())]
    try:
        order = order_of(theirs, label_names, "")
    except BenchError:  # other labels: what it says of them is of no use here
        _make_new(model, len(theirs))
    else:
        reorder(model, order, where)


def reorder(model: Any, order: Sequence[int], where: str) -> None:
    """Put the rows of the last layer in that order, and see that the answers are."""
    import torch

    ids = torch.arange(8)[None] % model.config.vocab_size
    model.eval()
    with torch.inference_mode():
        before = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    if last := _last_layer(model, len(order)):
        with torch.no_grad():
            for weights in filter(lambda each: each is not None, (last.weight, last.bias)):
                weights.copy_(weights[list(order)].clone())
    with torch.inference_mode():
        after = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    if not torch.allclose(before[:, list(order)], after, atol=1e-5):
        raise BenchError(f"{where}: its last layer is none whose outputs can be put in another order")


def _make_new(model: Any, labels: int) -> None:
    """As the library makes a head that a checkpoint lacks."""
    from torch import nn

    if last := _last_layer(model, labels):
        nn.init.normal_(last.weight, std=getattr(model.config, "initializer_range", 0.02))
        if last.bias is not None:
            nn.init.zeros_(last.bias)


def _last_layer(model: Any, labels: int) -> Any:
    """The layer behind the encoder that gives the logits; None where there is none of that width."""
    from torch import nn

    body = f"{model.base_model_prefix}."
    layers = [
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module.out_features == labels and not name.startswith(body)
    ]
    return layers[-1] if layers else None
