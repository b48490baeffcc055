"""The small BERT encoders that are pretrained here, by name; from random weights or from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from bench.api import BenchError, did_you_mean
from transformers_pt.backbones import check_folder

ARCHITECTURES: dict[str, dict[str, int]] = {
    "tiny": {"num_hidden_layers": 2, "hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 512},
    "mini": {"num_hidden_layers": 4, "hidden_size": 256, "num_attention_heads": 4, "intermediate_size": 1024},
    "tinybert4": {"num_hidden_layers": 4, "hidden_size": 312, "num_attention_heads": 12, "intermediate_size": 1200},
    "tinybert6": {"num_hidden_layers": 6, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
}
"""BERT-tiny and -mini (Turc et al., 2019), TinyBERT with 4 and 6 layers (Jiao et al., 2020)."""


def fresh_model(name: str, tokenizer: Any, max_length: int) -> Any:
    """A `BertForMaskedLM` with random weights and no dropout.

    GELU is the tanh approximation (`gelu_pytorch_tanh`), so that the same weights give the same numbers in KerasHub.
    """
    from transformers import BertConfig, BertForMaskedLM

    if name not in ARCHITECTURES:
        raise BenchError(f"architecture {name}: {did_you_mean(name, ARCHITECTURES)}")
    sizes: Any = ARCHITECTURES[name]
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=max_length, hidden_act="gelu_pytorch_tanh",
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=tokenizer.pad_token_id,
        type_vocab_size=2, **sizes,
    )  # fmt: skip
    return BertForMaskedLM(config)


def continued_model(checkpoint: Path) -> Any:
    """The masked-language model of a checkpoint in Hugging Face layout."""
    from transformers import AutoModelForMaskedLM

    check_folder(checkpoint)
    try:
        return AutoModelForMaskedLM.from_pretrained(
            checkpoint, use_safetensors=True, trust_remote_code=False, local_files_only=True, dtype="float32"
        )
    except (OSError, ValueError) as error:
        raise BenchError(f"cannot continue from {checkpoint}: {' '.join(str(error).split())[:300]}") from None


def vocabulary_head(model: Any, hidden: Any) -> tuple[Any, Any]:
    """What the last layer of the vocabulary head sees of `hidden` float [positions, width], and that layer."""
    if hasattr(model, "cls"):  # BERT
        return model.cls.predictions.transform(hidden), model.cls.predictions.decoder
    if hasattr(model, "lm_head"):  # RoBERTa, BERTweet
        head = model.lm_head
        return head.layer_norm(nn.functional.gelu(head.dense(hidden))), head.decoder
    if hasattr(model, "vocab_projector"):  # DistilBERT
        return model.vocab_layer_norm(model.activation(model.vocab_transform(hidden))), model.vocab_projector
    if hasattr(model, "generator_lm_head"):  # ELECTRA
        return model.generator_predictions(hidden), model.generator_lm_head
    raise BenchError(f"pretraining does not support the vocabulary head of {type(model).__name__}")
