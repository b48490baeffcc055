"""What pretraining asks of an encoder: the pieces behind masks, or which pieces are not the text's own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from transformers_pt.pretrain.architectures import vocabulary_head
from transformers_pt.pretrain.piece_loss import PLACES, piece_loss

Inputs = dict[str, torch.Tensor]
Objective = Callable[[Any, Inputs], torch.Tensor]
"""A model and a masked batch (`input_ids` and `labels`, int64 [batch, length]) to a mean loss in nats."""


def masked_loss(model: Any, inputs: Inputs) -> torch.Tensor:
    """Cross-entropy of the masked pieces alone: a fifth of the vocabulary head's work at a fifth masked."""
    hidden = model.base_model(input_ids=inputs["input_ids"]).last_hidden_state
    asked = inputs["labels"] != -100
    features, projection = vocabulary_head(model, hidden[asked])
    return piece_loss(features, projection, inputs["labels"][asked])


class Detector(nn.Module):
    """An encoder that says of each piece whether it was replaced: ELECTRA's discriminator (Clark et al., 2020)."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder, self.dense, self.output = encoder, nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Ids [batch, length] to logits [batch, length]."""
        hidden = self.encoder(input_ids=input_ids).last_hidden_state
        logits: torch.Tensor = self.output(nn.functional.gelu(self.dense(hidden))).squeeze(-1)
        return logits


class ReplacedLoss:
    """Binary cross-entropy of every piece, where a frozen masked-language model has filled in the masked ones.

    The two-stage form of ELECTRA (Clark et al., 2020, section 3.2): the generator is what the detector began as.
    """

    def __init__(self, model: Any, special_ids: Sequence[int]) -> None:
        self.generator = copy.deepcopy(model).eval().requires_grad_(False)
        self.special = torch.tensor(sorted(special_ids))

    def __call__(self, detector: Any, inputs: Inputs) -> torch.Tensor:
        """The loss of a masked batch."""
        texts = torch.where(inputs["labels"] != -100, inputs["labels"], inputs["input_ids"])
        filled = self.fill(inputs)
        judged = ~torch.isin(texts, self.special.to(texts.device))
        return nn.functional.binary_cross_entropy_with_logits(
            detector(filled).float()[judged], (filled != texts)[judged].float()
        )

    @torch.no_grad()
    def fill(self, inputs: Inputs) -> torch.Tensor:
        """The batch with pieces drawn from the generator at the masked places, int64 [batch, length]."""
        self.generator.to(inputs["input_ids"].device)
        hidden = self.generator.base_model(input_ids=inputs["input_ids"]).last_hidden_state
        asked = inputs["labels"] != -100
        features, projection = vocabulary_head(self.generator, hidden[asked])
        filled = inputs["input_ids"].clone()
        filled[asked] = torch.cat([_drawn(projection(part).float()) for part in features.split(PLACES)])
        return filled


def _drawn(logits: torch.Tensor) -> torch.Tensor:
    """One piece a row of logits [places, vocabulary], by its probability; one random number each."""
    cumulated = logits.softmax(-1).cumsum(-1)
    points = torch.rand(len(logits), 1, device=logits.device) * cumulated[:, -1:]
    return torch.searchsorted(cumulated, points).squeeze(-1).clamp(max=logits.shape[-1] - 1)
