"""The card of a pretrained folder: `pretraining.json` for programs, `README.md` for people."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers_pt.pretrain.loop import Pretraining

FILE = "pretraining.json"
TASKS = {
    "masked": "fill in masked tokens of",
    "replaced": "detect the tokens that a small generator, trained beside it, had replaced in",
}


@dataclass(frozen=True)
class CorpusOrigin:
    """Where the texts come from: of each data set its rows and the hash of train and validation."""

    rows: dict[str, int]
    train_hashes: dict[str, str]
    excluded: int
    """Texts that stand in a test or validation split of `guarded` data sets."""
    guarded: list[str]
    pieces: int
    """Tokens of all texts."""


@dataclass(frozen=True)
class Card:
    """What `pretraining.json` holds."""

    name: str
    origin: str
    parameters: int
    vocabulary: int
    tokenizer: str
    normalization: str
    corpus: CorpusOrigin
    block: int
    """Tokens in a row of a batch."""
    batch: int
    learning_rate: float
    masking: float
    objective: str
    seed: int
    training: Pretraining
    command: str
    commit: str | None
    dirty: bool | None
    machine: str


def write_card(folder: Path, card: Card) -> None:
    """Write both; nothing in the text is from elsewhere."""
    (folder / FILE).write_text(json.dumps(asdict(card), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_text(card), encoding="utf-8")


def loss_text(card: Card) -> str:
    """The loss on held-out text, with its name and unit."""
    loss = card.training.validation_loss
    if card.objective == "replaced":
        return f"loss of replaced tokens {loss:.3f} nats"
    return f"masked loss {loss:.3f} nats (perplexity {math.exp(min(loss, 50.0)):.1f})"


def _text(card: Card) -> str:
    corpus, training = card.corpus, card.training
    rows = [f"| {name} | {count:,} | `{corpus.train_hashes[name][:16]}` |" for name, count in corpus.rows.items()]
    speed = f": {training.tokens_per_second:,.0f} tokens/s" if training.tokens_per_second else ""
    return "\n".join(
        [
            f"# {card.name}",
            "",
            f"{card.origin} {card.parameters:,} parameters, {card.vocabulary:,} tokens "
            f"({card.tokenizer}), texts normalized by `{card.normalization}`.",
            "",
            f"Trained to {TASKS[card.objective]} unlabelled training texts; no label was used, and no text that "
            f"stands in a test or validation split of {', '.join(corpus.guarded)} "
            f"({corpus.excluded:,} texts left out for that).",
            "",
            "| data set | texts of its train split | hash of train and validation |",
            "|---|---|---|",
            *rows,
            "",
            f"- {training.steps:,} steps of {card.batch} × {card.block} tokens: "
            f"{training.tokens:,} tokens, {training.tokens / max(corpus.pieces, 1):.1f} times the text; "
            f"{card.masking:.0%} masked",
            f"- on held-out text: {loss_text(card)}",
            f"- on {card.machine}{speed}",
            f"- seed {card.seed}, commit `{card.commit}`",
            "",
            "```",
            card.command,
            "```",
            "",
        ]
    )
