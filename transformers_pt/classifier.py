"""What `finetune` and `lora` share: from parameters to a model that is ready to train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.api import BenchError, DeviceUse, Params, RunContext, Split, Training, did_you_mean
from transformers_pt import dropout, loop, pooled
from transformers_pt.backbones import check_vocabulary, load_classifier, load_tokenizer
from transformers_pt.batches import Rows
from transformers_pt.encode import Encoder
from transformers_pt.facts import ModelFacts
from transformers_pt.label_order import problem_type
from transformers_pt.long_texts import LongTexts
from transformers_pt.presets import Backbone, backbone

CHOICES = {
    "weights": ("pretrained", "random"),
    "class_weight": ("none", "balanced"),
    "scheduler": ("linear", "cosine", "constant"),
    "monitor": ("accuracy", "macro_f1", "macro_recall", "loss"),
}
DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout")
ATTENTION = {"cpu": dropout.PLAIN, "gpu": "sdpa"}
"""For texts as short as posts, the fused attention kernel of PyTorch is slower on a CPU than plain matmuls."""

POSITIONS_AFTER_PADDING = ("roberta", "camembert", "xlm-roberta", "mpnet")


@dataclass(frozen=True)
class Classifier:
    """A model with its tokenizer, before training."""

    model: Any
    encoder: Encoder
    origin: Backbone


def check(params: Params) -> None:
    """A `BenchError` for an unknown choice."""
    for key, options in CHOICES.items():
        if params[key] not in options:
            raise BenchError(f"{key}={params[key]}: {did_you_mean(str(params[key]), options)}")
    for key in ("dropout", "token_masking"):
        if not 0.0 <= (params[key] or 0.0) <= 0.9:
            raise BenchError(f"{key}={params[key]:g}: the share that is dropped; give 0 (none) to 0.9")
    pooled.check(params["pooling"])


def prepare(params: Params, label_names: Sequence[str], device: DeviceUse, multi_label: bool = False) -> Classifier:
    """Tokenizer and classifier of the backbone that `params` name; call after the seeds are set."""
    origin = backbone(params["backbone"], params["max_length"])
    here = origin.located()
    tokenizer = load_tokenizer(here.source)
    dropout.register_plain_attention()
    changes: dict[str, Any] = {"attn_implementation": ATTENTION[device.actual]}
    if params["dropout"] is not None:
        changes |= dict.fromkeys(DROPOUTS, params["dropout"])
    pretrained = params["weights"] == "pretrained"
    changes["problem_type"] = problem_type(multi_label)
    model = load_classifier(here, label_names, pretrained, params["allow_pickle"], **changes)
    check_vocabulary(model, tokenizer, here.source)
    length = min(origin.max_length, _longest(model, tokenizer))
    if params["pooling"] != "head":
        model = pooled.PooledClassifier(model.base_model, params["pooling"], len(label_names), params["dropout"] or 0.1)
    if device.actual == "cpu":
        dropout.replace_dropout(model)
    encoder = Encoder(tokenizer, params["normalization"] or origin.normalization, length, LongTexts.of(params))
    encoder.check()
    return Classifier(model, encoder, origin)


def train(
    prepared: Classifier, train: Split, validation: Split, params: Params, device: DeviceUse, context: RunContext
) -> Training:
    """Encode and fine-tune; the learning rate is the preset's where `params` name none."""
    given = dict(params) | {"learning_rate": params["learning_rate"] or prepared.origin.learning_rate}
    rows, checks = (
        Rows.of(prepared.encoder.windows(split.texts, context.cache), split.labels, split.soft_targets)
        for split in (train, validation)
    )
    return loop.fine_tune(prepared.model, rows, checks, prepared.encoder.tokenizer, given, device, context)


def facts(prepared: Classifier, split: Split, params: Params) -> ModelFacts:
    """For `model.json`; a folder is named without its path."""
    return {
        "label_names": list(split.label_names),
        "pooling": params["pooling"],
        "backbone": prepared.origin.origin,
        "backbone_commit": getattr(prepared.model.config, "_commit_hash", None),
        "pretrained": params["weights"] == "pretrained",
        "multi_label": split.multi_label,
    }


def _longest(model: Any, tokenizer: Any) -> int:
    """Tokens that the positions hold: RoBERTa's and its kin's begin after their padding id."""
    positions = getattr(model.config, "max_position_embeddings", 512)
    offset = (tokenizer.pad_token_id or 0) + 1 if model.config.model_type in POSITIONS_AFTER_PADDING else 0
    return int(positions - offset)
