"""An artifact as a plain Hugging Face folder: configuration, safetensors, tokenizer, model card."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from bench.api import BenchError, HubFolder, normalizer
from transformers_pt.artifact import TorchPredictor, load_parts
from transformers_pt.encode import Encoder
from transformers_pt.facts import ModelFacts, read_facts
from transformers_pt.hub import modeling_pooled
from transformers_pt.label_order import problem_type
from transformers_pt.pooled import PooledClassifier
from transformers_pt.weights.catalog import CATALOG

TOLERANCE = 1e-4
"""How far a probability of the folder may lie from the artifact's: the same weights in another order of sums."""
CLEANING = {
    "breaks-1": "line breaks of HTML (`<br />`) are spaces",
    "plain-1": "mentions are `@user`, links `http`, HTML entities plain characters",
    "plain-2": "mentions are `@user`, links `http`, HTML entities plain characters, curly quotes straight",
    "twitter-1": "mentions are `@user`, links `http`",
    "covid-twitter-1": "mentions are `twitteruser`, links `twitterurl`, emoji their names",
}
"""How texts must be, by the artifact's normalization: a folder of the hub has no place for that step."""


def write_folder(artifact: Path, out: Path, texts: Sequence[str]) -> HubFolder:
    """Write `out`, which `transformers` loads alone, and hold its probabilities on `texts` against the artifact's.

    A `BenchError` for a model that `transformers` has no form for, and for a folder that answers otherwise.
    """
    _check(artifact, read_facts(artifact))
    model, encoder, facts = load_parts(artifact)
    out.mkdir(parents=True)
    try:
        _write_model(out, model, facts)
        encoder.tokenizer.model_max_length = encoder.max_length
        encoder.tokenizer.save_pretrained(out)
        difference = _difference(out, TorchPredictor.of(model, encoder, facts), texts)
    except BaseException:
        shutil.rmtree(out)
        raise
    return _described(encoder, facts, difference)


def _check(artifact: Path, facts: ModelFacts) -> None:
    if "shapes" in facts or "width" in facts:
        raise BenchError(
            f"{artifact.name[:12]}: its layers are of uneven width, which no configuration of transformers can say; "
            "serve it by `python -m serving`, or quantize it to ONNX"
        )
    mode = facts.get("long_texts", {}).get("mode", "head")
    if mode != "head":
        raise BenchError(
            f"{artifact.name[:12]}: it reads long texts by long_texts={mode}, and a pipeline of "
            "transformers reads their beginning alone; serve it by `python -m serving`"
        )


def _write_model(out: Path, model: Any, facts: ModelFacts) -> None:
    names = dict(enumerate(facts["label_names"]))
    labels = {"id2label": names, "label2id": {name: i for i, name in names.items()}}
    if not isinstance(model, PooledClassifier):
        model.config.update(labels)
        model.save_pretrained(out)
        return
    module = modeling_pooled.__name__.rpartition(".")[2]
    config = modeling_pooled.PooledConfig(
        encoder=model.encoder.config.to_diff_dict() | {"model_type": model.encoder.config.model_type},
        poolings=tuple(model.kinds), architectures=["PooledForSequenceClassification"], dtype="float32",
        auto_map={
            "AutoConfig": f"{module}.PooledConfig",
            "AutoModelForSequenceClassification": f"{module}.PooledForSequenceClassification",
        },
        problem_type=problem_type(facts.get("multi_label", False)), **labels,
    )  # fmt: skip
    config.save_pretrained(out)
    save_file(
        {name: weight.contiguous() for name, weight in model.state_dict().items()},
        out / "model.safetensors",
        {"format": "pt"},
    )
    shutil.copyfile(str(modeling_pooled.__file__), out / f"{module}.py")


def _described(encoder: Encoder, facts: ModelFacts, difference: float) -> HubFolder:
    own_code = facts["pooling"] != "head"
    arguments = ", trust_remote_code=True" if own_code else ""
    arguments += ", top_k=None" if facts.get("multi_label") else ""  # a probability of each label
    remarks = []
    if encoder.normalization in CLEANING:
        remarks.append(f"it was trained on texts where {CLEANING[encoder.normalization]}: give it such")
    if own_code:
        remarks.append("its head pools the encoder's last layer in several ways: the code is `modeling_pooled.py` here")
    known = {published.hub: published.licence for published in CATALOG.values()}
    if facts["backbone"] in known:
        remarks.append(f"the encoder's weights are under the licence {known[facts['backbone']]}")
    from_hub = facts["pretrained"] and "/" in facts["backbone"] and not Path(facts["backbone"]).exists()
    return HubFolder(
        usage=f"""from transformers import pipeline

classify = pipeline("text-classification", "path/to/this/folder", truncation=True{arguments})
classify("what a day")""",
        base_model=facts["backbone"] if from_hub else None,
        remarks=tuple(remarks),
        difference=difference,
    )


def _difference(out: Path, artifact: TorchPredictor, texts: Sequence[str]) -> float:
    """The largest between two probabilities of a text, once it is cleaned as the card says."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    own_code = isinstance(artifact.model, PooledClassifier)
    loader: Any = modeling_pooled.PooledForSequenceClassification if own_code else AutoModelForSequenceClassification
    model = loader.from_pretrained(out, use_safetensors=True, trust_remote_code=False).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(out, trust_remote_code=False)
    clean = list(map(normalizer(artifact.encoder.normalization), texts))
    inputs = tokenizer(clean, truncation=True, padding=True, return_tensors="pt")
    with torch.inference_mode():
        found = artifact.activation(model(**inputs).logits.numpy())
    difference = float(abs(found - artifact.predict_proba(texts)).max())
    if not difference <= TOLERANCE:
        raise BenchError(f"{out}: its probabilities differ from the artifact's by {difference:.2g}; it is not written")
    return difference
