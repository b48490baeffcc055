"""A classification head over several poolings of an encoder's last layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import SequenceClassifierOutput

from bench.api import BenchError, did_you_mean

POOLINGS = ("cls", "mean", "max")


def check(pooling: str) -> None:
    """A `BenchError` for an unknown pooling."""
    for kind in [] if pooling == "head" else pooling.split("+"):
        if kind not in POOLINGS:
            raise BenchError(f"pooling={pooling}: '{kind}' is unknown; {did_you_mean(kind, [*POOLINGS, 'head'])}")


class PooledClassifier(nn.Module):
    """Encoder, poolings joined, dropout, logits: for encoders whose `[CLS]` has learned little.

    `width` is that of the encoder's hidden state, where it is not the configuration's.
    """

    def __init__(self, encoder: Any, pooling: str, labels: int, dropout: float, width: int | None = None) -> None:
        super().__init__()
        check(pooling)
        self.encoder, self.kinds, self.config = encoder, pooling.split("+"), encoder.config
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(len(self.kinds) * (width or encoder.config.hidden_size), labels)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    @property
    def base_model(self) -> Any:
        """The encoder, as of the library's own classifiers."""
        return self.encoder

    def get_input_embeddings(self) -> Any:
        """The encoder's."""
        return self.encoder.get_input_embeddings()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: Any = None) -> Any:
        """Ids and mask [batch, length] to `logits` [batch, labels]."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = {
            "cls": lambda: hidden[:, 0],
            "mean": lambda: (hidden * real).sum(1) / real.sum(1).clamp(min=1),
            "max": lambda: hidden.masked_fill(real == 0, -1e4).amax(1),
        }
        vector = torch.cat([pooled[kind]() for kind in self.kinds], dim=-1)
        return SequenceClassifierOutput(logits=self.classifier(self.dropout(vector)))
