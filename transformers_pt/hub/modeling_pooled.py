"""A classification head over several poolings of an encoder's last layer, for `AutoModelForSequenceClassification`.

This file stands alone: it lies in folders that are loaded with `trust_remote_code=True`, without sentibench.
"""

from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class PooledConfig(PretrainedConfig):
    """`encoder` is the configuration of the encoder, `poolings` are of `cls`, `mean`, `max`, in the head's order."""

    model_type = "pooled-classifier"

    def __init__(
        self, encoder: dict[str, Any] | None = None, poolings: tuple[str, ...] = ("cls",), **kwargs: Any
    ) -> None:
        self.encoder = encoder or {}
        self.poolings = list(poolings)
        super().__init__(**kwargs)


class PooledForSequenceClassification(PreTrainedModel):
    """Encoder, poolings joined, logits."""

    config_class = PooledConfig
    base_model_prefix = "encoder"

    def __init__(self, config: PooledConfig) -> None:
        super().__init__(config)
        encoder = dict(config.encoder)
        # without a pooler, where the architecture has one: the head has its own poolings
        architecture = AutoConfig.for_model(encoder.pop("model_type"), **encoder)
        self.encoder = AutoModel.from_config(architecture, trust_remote_code=False)
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None
        width = self.encoder.config.hidden_size
        self.classifier = nn.Linear(len(config.poolings) * width, int(config.num_labels or 0))
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **_: Any,
    ) -> SequenceClassifierOutput:
        """Ids and mask [batch, length] to `logits` [batch, labels]; with `labels` [batch] the cross entropy too.

        Of several labels a text, `labels` are 0 or 1 [batch, labels], and the loss is binary.
        """
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = {
            "cls": hidden[:, 0],
            "mean": (hidden * real).sum(1) / real.sum(1).clamp(min=1),
            "max": hidden.masked_fill(real == 0, -1e4).amax(1),
        }
        logits = self.classifier(torch.cat([pooled[kind] for kind in self.config.poolings], dim=-1))
        loss = None
        if labels is not None:
            several = self.config.problem_type == "multi_label_classification"
            binary = nn.functional.binary_cross_entropy_with_logits
            loss = binary(logits, labels.to(logits.dtype)) if several else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
