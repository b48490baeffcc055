"""What a student learns of the inside of its teacher: hidden states, relations of attention, embeddings (PyTorch)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import SequenceClassifierOutput

from bench.api import BenchError, Params, RunContext, Split, Training
from compression.layer_map import mapped
from transformers_pt import artifact, classifier, device, layers
from transformers_pt.adapters import ALIKE, ROLES
from transformers_pt.encode import Encoder
from transformers_pt.facts import read_facts

RELATED = ("query", "key", "value")
RELATION_HEADS = 12
"""At most; MiniLMv2 finds more to be better."""
COMPARED = 1000
"""Texts on which two tokenizers are compared."""
Activations = dict[tuple[str, int], torch.Tensor]


def fit(
    given: Params,
    teacher_dir: Path,
    train: Split,
    validation: Split,
    params: Params,
    seed: int,
    out_dir: Path,
    context: RunContext,
) -> Training:
    """As `finetune` does with `given`, and by `hidden`, `attention` and `embedding` of `params`.

    Raises `BenchError` where teacher and student do not cut texts into the same tokens.
    """
    classifier.check(given)
    use = device.prepare_device(seed, given, context.device)
    prepared = classifier.prepare(given, train.label_names, use, train.multi_label)
    teacher = artifact.load_artifact(teacher_dir)
    _check_tokens(prepared.encoder, teacher.encoder, train.texts[:COMPARED])
    layers.train_top_layers(prepared.model, given["train_top_k_layers"])
    wide = read_facts(teacher_dir).get("width", teacher.model.config.hidden_size)
    guided = Guided(prepared.model, teacher.model, wide, params)
    log = classifier.train(replace(prepared, model=guided), train, validation, given, use, context)
    artifact.save_artifact(out_dir, prepared.model, prepared.encoder, classifier.facts(prepared, train, given))
    return log


class Guided(nn.Module):
    """A student in training beside its teacher, which reads the same tokens and is not trained.

    Where widths differ, a linear map that is learned, and not stored, brings the student's states to the teacher's
    width (Romero et al., "FitNets", 2015): `wide`, which is not its configuration's where it was pruned. The teacher is
    no submodule: its weights are neither saved nor optimized.
    """

    def __init__(self, student: Any, teacher: Any, wide: int, params: Params) -> None:
        super().__init__()
        self.student, self.params, self.config = student, params, student.config
        self.teacher = (teacher.eval().requires_grad_(False),)
        self.recorders = (Recorder(student, bool(params["attention"])), Recorder(teacher, bool(params["attention"])))
        self.pairs = mapped(params["layer_map"], len(self.recorders[0].layers), len(self.recorders[1].layers))
        own = student.config.hidden_size
        kinds = [kind for kind in ("hidden", "embedding") if params[kind]]
        self.maps = nn.ModuleDict({kind: nn.Linear(own, wide) if own != wide else nn.Identity() for kind in kinds})

    @property
    def base_model(self) -> Any:
        """The student's encoder."""
        return self.student.base_model

    def get_input_embeddings(self) -> Any:
        """The student's."""
        return self.student.get_input_embeddings()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: Any = None) -> Any:
        """Ids and mask [batch, length] to the student's `logits`; in training also `loss`, what the teacher adds."""
        outputs = self.student(input_ids=input_ids, attention_mask=attention_mask)
        if not self.training:
            return outputs
        with torch.no_grad():
            self.teacher[0].to(input_ids.device)(input_ids=input_ids, attention_mask=attention_mask)
        return SequenceClassifierOutput(loss=self._distance(attention_mask), logits=outputs.logits)

    def _distance(self, mask: torch.Tensor) -> torch.Tensor:
        student, teacher = (recorder.take() for recorder in self.recorders)
        total = torch.zeros((), device=mask.device)
        for kind, projection in self.maps.items():
            places = [(0, 0)] if kind == "embedding" else self.pairs
            parts = [state_distance(projection(student[kind, i]), teacher[kind, j], mask) for i, j in places]
            total = total + self.params[kind] * torch.stack(parts).mean()
        if self.params["attention"]:
            parts = [relation_distance(student[r, i], teacher[r, j], mask) for i, j in self.pairs for r in RELATED]
            total = total + self.params["attention"] * torch.stack(parts).mean()
        return total


@dataclass
class Recorder:
    """Records the activations of an encoder's last forward pass, each float [batch, length, width].

    By kind and layer: (`embedding`, 0), (`hidden`, layer) and, `related`, (`query` and its like, layer).
    """

    model: Any
    related: bool

    def __post_init__(self) -> None:
        self.layers = list(layers.encoder_layers(self.model))
        self._activations: Activations = {}
        self._record(self.model.base_model.embeddings, "embedding", 0)
        names = self._names() if self.related else {}
        for number, layer in enumerate(self.layers):
            self._record(layer, "hidden", number)
            for name, part in layer.named_modules():
                if (ending := name.rsplit(".", 1)[-1]) in names:
                    self._record(part, names[ending], number)

    def take(self) -> Activations:
        """The activations, handed over: none is held longer than a step."""
        activations, self._activations = self._activations, {}
        return activations

    def _names(self) -> Mapping[str, str]:
        """From the architecture's names of the products of attention to their roles."""
        kind = self.model.config.model_type
        roles = ROLES.get(ALIKE.get(kind, kind))
        if roles is None:
            raise BenchError(
                f"attention: {kind} is not supported: its queries, keys and values cannot be named; use hidden"
            )
        return {roles[role]: role for role in RELATED}

    def _record(self, part: nn.Module, kind: str, number: int) -> None:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            self._activations[kind, number] = output[0] if isinstance(output, tuple) else output

        part.register_forward_hook(hook)


def state_distance(student: torch.Tensor, teacher: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean squared difference over real tokens (Jiao et al., "TinyBERT", 2020): [batch, length, width] each."""
    real = mask.unsqueeze(-1)
    return ((student.float() - teacher.float()) ** 2 * real).sum() / (real.sum() * teacher.shape[-1])


def relation_distance(student: torch.Tensor, teacher: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """KL of the relations among tokens, as of queries with queries (Wang et al., "MiniLMv2", 2021).

    The relation heads cut both widths evenly, so that neither heads nor widths need to agree.
    """
    shared = math.gcd(student.shape[-1], teacher.shape[-1])
    heads = max(count for count in range(1, RELATION_HEADS + 1) if shared % count == 0)
    log_p, log_q = (_relations(states.float(), mask, heads) for states in (teacher, student))
    divergence = (log_p.exp() * (log_p - log_q)).masked_fill(mask[:, None, None] == 0, 0.0).sum(-1)
    return (divergence * mask[:, None]).sum() / (mask.sum() * heads)


def _relations(states: torch.Tensor, mask: torch.Tensor, heads: int) -> torch.Tensor:
    """Log-probabilities [batch, heads, length, length], none of them for padding."""
    parts = states.unflatten(-1, (heads, -1)).transpose(1, 2)
    scores = parts @ parts.transpose(2, 3) / parts.shape[-1] ** 0.5
    return nn.functional.log_softmax(scores.masked_fill(mask[:, None, None] == 0, -1e9), dim=-1)


def _check_tokens(student: Encoder, teacher: Encoder, texts: Sequence[str]) -> None:
    """A `BenchError` unless both cut `texts` into the same tokens, with the same ids."""
    if student.max_length > teacher.max_length:
        raise BenchError(
            f"the student reads {student.max_length} tokens, its teacher {teacher.max_length}: give the student "
            f"max_length={teacher.max_length}"
        )
    if student(texts) != replace(teacher, max_length=student.max_length)(texts):
        raise BenchError(
            "hidden, attention and embedding compare token with token, and this student has another tokenizer or "
            "normalization than its teacher: leave them 0, or choose a backbone of the teacher's vocabulary"
        )
