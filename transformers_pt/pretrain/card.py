"""What a pretrained folder says of itself: `pretraining.json` for programs, `README.md` for people."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

FILE = "pretraining.json"


def write_card(folder: Path, facts: dict[str, Any]) -> None:
    """Write both. `facts` holds what `command.py` gathers; nothing in the text is from elsewhere."""
    (folder / FILE).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_text(facts), encoding="utf-8")


def _speed(tokens: float | None) -> str:
    return f": {tokens:,.0f} tokens/s" if tokens else ""


def loss_told(facts: dict[str, Any]) -> str:
    """The loss on held-out text, in words."""
    loss = facts["training"]["validation_loss"]
    if facts["objective"] == "replaced":
        return f"loss of replaced tokens {loss:.3f} nats"
    return f"masked loss {loss:.3f} nats (perplexity {math.exp(min(loss, 50.0)):.1f})"


TASKS = {
    "masked": "fill in masked tokens of",
    "replaced": "tell which tokens a small generator, trained beside it, had replaced in",
}


def _text(facts: dict[str, Any]) -> str:
    corpus, learned = facts["corpus"], facts["training"]
    rows = [f"| {name} | {count:,} | `{corpus['train_hashes'][name][:16]}` |" for name, count in corpus["rows"].items()]
    return "\n".join(
        [
            f"# {facts['name']}",
            "",
            f"{facts['origin']} {facts['parameters']:,} parameters, {facts['vocabulary']:,} tokens "
            f"({facts['tokenizer']}), texts normalized by `{facts['normalization']}`.",
            "",
            f"Trained to {TASKS[facts['objective']]} unlabelled training texts; no label was used, and no text that "
            f"stands in a test or validation split of {', '.join(corpus['guarded'])} "
            f"({corpus['excluded']:,} texts left out for that).",
            "",
            "| data set | texts of its train split | hash of train and validation |",
            "|---|---|---|",
            *rows,
            "",
            f"- {learned['steps']:,} steps of {facts['batch']} × {facts['block']} tokens: "
            f"{learned['tokens']:,} tokens, {learned['tokens'] / max(corpus['pieces'], 1):.1f} times the text; "
            f"{facts['masking']:.0%} masked",
            f"- on held-out text: {loss_told(facts)}",
            f"- on {facts['machine']}{_speed(learned['tokens_per_second'])}",
            f"- seed {facts['seed']}, commit `{facts['commit']}`",
            "",
            "```",
            facts["command"],
            "```",
            "",
        ]
    )
