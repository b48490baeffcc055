"""Sentence encoders: the mean of an encoder's last layer is a text's vector, and a linear head on it a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from bench.api import DeviceUse, Params, Split
from transformers_pt import artifact, classifier
from transformers_pt.classifier import Classifier
from transformers_pt.predictor import SLICE, pad

Vectors = npt.NDArray[np.float32]
UNSEEN = -20.0
"""The logit of a label that no training text has."""


def prepare(params: Params, use: DeviceUse) -> Classifier:
    """The encoder that the parameters of `finetune` name; the `logits` of its model are vectors, [batch, width]."""
    prepared = classifier.prepare({**params, "pooling": "mean"}, ("sentence",), use)
    prepared.model.classifier = prepared.model.dropout = nn.Identity()
    return prepared


def vectors(prepared: Classifier, texts: Sequence[str], use: DeviceUse, cache: Path | None = None) -> Vectors:
    """Of each text, float32 [n_texts, width]; of a long one its beginning. `cache` keeps tokens."""
    rows = prepared.encoder.windows(texts, cache).rows
    order = np.argsort([len(row) for row in rows], kind="stable")
    model = prepared.model.eval().to("cuda" if use.actual == "gpu" else "cpu")
    out = np.zeros((len(rows), model.config.hidden_size), np.float32)
    for start in range(0, len(rows), SLICE):
        chosen = order[start : start + SLICE]
        with torch.inference_mode():
            out[chosen] = embed(prepared, [rows[i] for i in chosen]).float().cpu().numpy()
    return out


def embed(prepared: Classifier, rows: Sequence[list[int]]) -> torch.Tensor:
    """Vectors of encoded texts, [n, width], where the model is; gradients flow."""
    device = next(prepared.model.parameters()).device
    ids, mask = (torch.from_numpy(part).to(device) for part in pad(rows, prepared.encoder.tokenizer.pad_token_id))
    found: torch.Tensor = prepared.model(input_ids=ids, attention_mask=mask).logits
    return found


def save(prepared: Classifier, weight: Vectors, bias: Vectors, split: Split, params: Params, out_dir: Path) -> None:
    """An artifact in the layout of `finetune`, its head `weight` [n_labels, width] and `bias` [n_labels]."""
    head = nn.Linear(weight.shape[1], weight.shape[0])
    head.weight.data, head.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
    prepared.model.cpu().classifier = head
    facts = classifier.facts(prepared, split, {**params, "pooling": "mean"})
    artifact.save_artifact(out_dir, prepared.model, prepared.encoder, facts)


def logistic_head(found: Vectors, split: Split, C: float) -> tuple[Vectors, Vectors]:
    """Weight [n_labels, width] and bias [n_labels] of logistic regression on the vectors of a split's texts."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=C, max_iter=1000).fit(found, split.labels)
    weight = np.zeros((len(split.label_names), found.shape[1]), np.float32)
    bias = np.full(len(weight), UNSEEN, np.float32)
    known = fitted.classes_[-len(fitted.coef_) :]  # of two labels scikit-learn has the second alone, against zero
    bias[fitted.classes_] = 0
    weight[known], bias[known] = fitted.coef_, fitted.intercept_
    return weight, bias
