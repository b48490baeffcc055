"""Objectives of pretraining: the tokens behind masks, or which tokens are not the text's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from transformers_pt.pretrain.architectures import vocabulary_head
from transformers_pt.pretrain.token_loss import POSITIONS, token_loss

Inputs = dict[str, torch.Tensor]
Objective = Callable[[Any, Inputs], torch.Tensor]
"""A model and a masked batch (`input_ids` and `labels`, int64 [batch, length]) to a mean loss in nats."""


def masked_loss(model: Any, inputs: Inputs) -> torch.Tensor:
    """Cross-entropy of the masked tokens alone: a fifth of the vocabulary head's work at a fifth masked."""
    hidden = model.base_model(input_ids=inputs["input_ids"]).last_hidden_state
    masked = inputs["labels"] != -100
    features, projection = vocabulary_head(model, hidden[masked])
    return token_loss(features, projection.weight, projection.bias, inputs["labels"][masked])


class Detector(nn.Module):
    """ELECTRA (Clark et al., 2020): an encoder that tells which tokens a small masked-language model has filled in."""

    def __init__(self, encoder: Any, generator: Any) -> None:
        super().__init__()
        width, guess = encoder.config.hidden_size, generator.cls.predictions
        self.encoder = encoder
        # Its parts, not the model: in that, tied weights have two names, and a checkpoint cannot hold them.
        self.generator, self.transform = generator.base_model, guess.transform
        self.bias = nn.Parameter(guess.bias.detach().clone())
        self.dense, self.output = nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Ids [batch, length] to the logits of being replaced, [batch, length]."""
        hidden = self.encoder(input_ids=input_ids).last_hidden_state
        logits: torch.Tensor = self.output(nn.functional.gelu(self.dense(hidden))).squeeze(-1)
        return logits


class ReplacedLoss:
    """The generator's loss at masked places, and 50 times the binary cross-entropy of every token (same source).

    In evaluation the second alone, unweighted.
    """

    WEIGHT = 50.0

    def __init__(self, special_ids: Sequence[int]) -> None:
        self.special = torch.tensor(sorted(special_ids))

    def __call__(self, model: Detector, inputs: Inputs) -> torch.Tensor:
        """The loss of a masked batch."""
        masked = inputs["labels"] != -100
        texts = torch.where(masked, inputs["labels"], inputs["input_ids"])
        features = model.transform(model.generator(input_ids=inputs["input_ids"]).last_hidden_state[masked])
        weight = model.generator.get_input_embeddings().weight
        filled = texts.clone()
        filled[masked] = sample_tokens(features, weight, model.bias)
        scored = ~torch.isin(texts, self.special.to(texts.device))
        detection = nn.functional.binary_cross_entropy_with_logits(
            model(filled).float()[scored], (filled != texts)[scored].float()
        )
        if not model.training:
            return detection
        return token_loss(features, weight, model.bias, texts[masked]) + self.WEIGHT * detection


@torch.no_grad()
def sample_tokens(features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """One token for each row of `features` [positions, width], by its probability, int64 [positions]; see `token_loss`.

    One random number a row picks the first token where the summed probabilities pass it.
    """
    tokens = []
    for part in features.split(POSITIONS):
        cumulated = nn.functional.linear(part, weight, bias).float().softmax(-1).cumsum(-1)
        points = torch.rand(len(part), 1, device=part.device) * cumulated[:, -1:]
        tokens.append(torch.searchsorted(cumulated, points).squeeze(-1).clamp(max=len(weight) - 1))
    return torch.cat(tokens)
