"""A pretrained encoder from start to end: texts, tokenizer, blocks, training, the folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.api import BenchError, did_you_mean, normalizer, provenance, train_corpus
from transformers_pt.backbones import check_vocabulary, load_tokenizer
from transformers_pt.pretrain.architectures import ARCHITECTURES, continued_model, fresh_model
from transformers_pt.pretrain.blocks import Blocks, Masking, pack
from transformers_pt.pretrain.card import Card, CorpusOrigin, write_card
from transformers_pt.pretrain.spectral import start_embedding
from transformers_pt.pretrain.vocabulary import train_tokenizer

if TYPE_CHECKING:
    from bench.data.corpus import Corpus
    from transformers_pt.pretrain.loop import Pretraining

HELD_OUT = 2000
"""Texts that are held out of training, at most a twentieth, for the perplexity."""
GENERATOR = "tiny"
"""The architecture that replaces tokens: much smaller than the detector, or nearly all it fills in would be right."""


@dataclass(frozen=True)
class Request:
    """The options of `python -m transformers_pt pretrain`."""

    out: Path
    data: tuple[str, ...]
    architecture: str
    start: Path | None
    tokenizer: Path | None
    kind: str
    vocabulary: int
    minutes: float | None
    steps: int | None
    block: int
    batch: int
    learning_rate: float
    masking: float
    objective: str
    max_length: int
    normalization: str
    seed: int
    bf16: bool
    data_dir: Path | None
    cache: Path
    command: str


def make_encoder(request: Request, log: Callable[[str], None]) -> Card:
    """Pretrain into the folder `request.out`; the same request after a kill resumes. Returns the card."""
    if (request.out / "model.safetensors").is_file():
        raise BenchError(f"{request.out} holds a pretrained encoder already; choose another folder")
    if request.start is None and request.architecture not in ARCHITECTURES:
        raise BenchError(f"architecture {request.architecture}: {did_you_mean(request.architecture, ARCHITECTURES)}")
    for folder in (request.start, request.tokenizer):
        if folder is not None and not folder.is_dir():
            raise BenchError(f"no folder {folder}: give one in Hugging Face layout")
    log(f"Reading {', '.join(request.data)} …")
    corpus = train_corpus(request.data, request.cache, request.data_dir)
    train, held_out = _texts(corpus, request)
    request.out.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(request, train)
    log(f"Packing {len(train):,} texts into blocks of {request.block} tokens …")
    blocks, checks = (pack(tokenizer, texts, request.block) for texts in (train, held_out))
    model, training = _pretrain(request, tokenizer, blocks, checks)
    card = _card(request, corpus, tokenizer, model, training, blocks.size)
    _save(request, tokenizer, model, card)
    return card


def _texts(corpus: Corpus, request: Request) -> tuple[list[str], list[str]]:
    """Normalized, shuffled texts: those to train on, and those held out for the perplexity."""
    clean = normalizer(request.normalization)
    texts = [text for text in map(clean, corpus.texts) if text]
    order = np.random.default_rng(request.seed).permutation(len(texts))
    cut = min(HELD_OUT, max(1, len(texts) // 20))
    return [texts[i] for i in order[cut:]], [texts[i] for i in order[:cut]]


def _tokenizer(request: Request, texts: list[str]) -> Any:
    """That of an interrupted run, of the checkpoint, the given one, or one learned from `texts` and saved at once."""
    interrupted = request.out / "tokenizer.json"
    given = request.start or request.tokenizer
    if given is None and not interrupted.is_file():
        learned = train_tokenizer(texts, request.kind, request.vocabulary, request.max_length)
        learned.save_pretrained(request.out)
    return load_tokenizer(given or request.out)


def _pretrain(request: Request, tokenizer: Any, blocks: Blocks, checks: Blocks) -> tuple[Any, Pretraining]:
    import torch

    from transformers_pt.pretrain.loop import Schedule, pretrain
    from transformers_pt.pretrain.objectives import Detector, ReplacedLoss, masked_loss

    torch.manual_seed(request.seed)
    if request.start is None:
        model = fresh_model(request.architecture, tokenizer, request.max_length)
        start_embedding(model, blocks)
    else:
        model = continued_model(request.start)
    check_vocabulary(model, tokenizer, request.start)
    # On a CPU, and for rows this short, the fused kernel is the slower one: 0.6 of the speed at 12 heads of 26.
    model.set_attn_implementation("eager" if not torch.cuda.is_available() else "sdpa")
    schedule = Schedule(
        steps=request.steps, minutes=request.minutes, batch=request.batch, learning_rate=request.learning_rate,
        seed=request.seed, bf16=request.bf16,
    )  # fmt: skip
    masking = Masking(tokenizer.mask_token_id, len(tokenizer), tuple(tokenizer.all_special_ids), request.masking)
    if request.objective == "masked":
        return model, pretrain(model, blocks, checks, masking, schedule, request.out, masked_loss)
    generator = fresh_model(GENERATOR, tokenizer, request.max_length)
    start_embedding(generator, blocks)
    generator.set_attn_implementation(model.config._attn_implementation)
    detector, replaced = Detector(model.base_model, generator), ReplacedLoss(tokenizer.all_special_ids)
    return model.base_model, pretrain(detector, blocks, checks, masking, schedule, request.out, replaced)


def _card(request: Request, corpus: Corpus, tokenizer: Any, model: Any, training: Pretraining, tokens: int) -> Card:
    layers, width = model.config.num_hidden_layers, model.config.hidden_size
    origin = f"continued from {request.start.name}" if request.start else "trained from nothing but its own texts"
    given = request.start or request.tokenizer
    return Card(
        name=request.out.name,
        origin=f"A {model.config.model_type} encoder of {layers} layers, {width} wide, {origin}.",
        parameters=sum(p.numel() for p in model.base_model.parameters()),
        vocabulary=len(tokenizer),
        tokenizer=f"of {given.name}" if given else f"{request.kind}, learned from the same text",
        normalization=request.normalization,
        corpus=CorpusOrigin(corpus.rows, corpus.train_hashes, corpus.excluded, list(corpus.guarded), tokens),
        block=request.block,
        batch=request.batch,
        learning_rate=request.learning_rate,
        masking=request.masking,
        objective=request.objective,
        seed=request.seed,
        training=training,
        command=request.command,
        **provenance(),
    )


def _save(request: Request, tokenizer: Any, model: Any, card: Card) -> None:
    """Weights last, in float16: a folder with `model.safetensors` is a finished one."""
    from transformers_pt.pretrain.loop import CHECKPOINTS

    tokenizer.save_pretrained(request.out)
    write_card(request.out, card)
    unfinished = request.out / "unfinished"
    model.half().save_pretrained(unfinished)
    for name in ("config.json", "model.safetensors"):
        (unfinished / name).replace(request.out / name)
    for folder in (unfinished, request.out / CHECKPOINTS):
        shutil.rmtree(folder)
