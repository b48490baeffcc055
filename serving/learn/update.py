"""One update of a slot: gather, train, compare, decide."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.api import BenchError, Split, named_recipe, read_card
from bench.data import DatasetRef, Prepared, prepare
from bench.data.digest import split_hash
from bench.store import Store
from serving.learn.emoticons import Noise, measure
from serving.learn.ledger import Ledger
from serving.learn.lesson import News, lesson, sort_out
from serving.learn.rows import Row, labelled_rows, targets, weak_rows
from serving.learn.verdict import Comparison, compare, verdict
from serving.model import Model, open_folder
from serving.slot import Slot

MOST = 5_000
"""New rows of one update; the next one takes the rest."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What updates learn from, how, and what they are judged by."""

    feedback: tuple[Path, ...]
    weak: Path | None = None
    validation: Path | None = None
    """None: the validation split of the data set."""
    dataset: DatasetRef | None = None
    """None: the one that the artifact's card names."""
    recipe: str = "lora[r=4,alpha=32,lora_dropout=0.01,epochs=3]"
    replay: float = 0.8
    least: int = 32
    margin: float = 0.005
    text_column: str = "text"
    label_column: str = "label"


@dataclass(frozen=True)
class Gathered:
    """What there is to learn."""

    data: Prepared
    news: News
    earlier: list[Row]
    """Rows that the served version has learnt from already."""
    judged_by: Split
    noise: dict[str, Noise] = field(default_factory=dict)


def run_update(slot: Slot, store: Store, plan: Plan, say: Say) -> dict[str, Any] | None:
    """One update: its decision as it stands in the journal; None where there is too little that is new."""
    from transformers_pt.update import check_updatable

    started, ledger, served = time.monotonic(), Ledger(slot), slot.current()
    check_updatable(slot.folder(served), named_recipe(plan.recipe)[1])
    gathered = gather(slot, ledger, store, plan, served)
    for noise in gathered.noise.values():
        say(noise.told())
    new = len(gathered.news.keys)
    if new < plan.least or not gathered.news.learnt:
        say(f"{new} new rows; an update needs {plan.least}")
        return None
    with slot.work() as work:
        candidate = _train(slot.folder(served), served, gathered, plan, len(ledger.decisions()), work / "candidate")
        decision = _decide(slot, served, candidate, gathered, plan.margin)
        if decision["verdict"] == "accepted":
            slot.add(candidate)
            if not slot.point(decision["candidate"], "learn", instead_of=served):
                decision |= {"verdict": "refused", "reason": f"the slot no longer serves {served[:12]}"}
    decision |= {"recipe": plan.recipe, "replay": plan.replay, "seconds": round(time.monotonic() - started, 1)}
    ledger.record(decision, gathered.news.keys)
    return decision


def gather(slot: Slot, ledger: Ledger, store: Store, plan: Plan, served: str) -> Gathered:
    """Read data set, feedback and posts; raises `BenchError` where labels do not fit."""
    card = read_card(slot.folder(served))
    labels = tuple(card["label_names"])
    data = prepare(plan.dataset or DatasetRef(card["dataset"]), store.prepared)
    if data.label_names != labels:
        raise BenchError(
            f"data set {data.name} has the labels {', '.join(data.label_names)}; the model has {', '.join(labels)}: "
            "give its own with --dataset"
        )
    columns = (plan.text_column, plan.label_column)
    judged_by = _split(labelled_rows([plan.validation], labels, *columns), labels) if plan.validation else None
    judged_by = judged_by or data.validation()
    used = ledger.used()
    rows = labelled_rows(plan.feedback, labels, *columns)
    new = [row for row in rows if row.key not in used][:MOST]
    noise, weak = {}, []
    if plan.weak is not None:
        noise = measure(data.train())
        weak = weak_rows(plan.weak, noise, labels, used, MOST - len(new), plan.text_column)
    forbidden = [*judged_by.texts, *data.validation().texts, *data.test_texts()[1]]
    known = ledger.learnt(served)
    earlier = sort_out([row for row in rows if row.key in known], [], forbidden)
    return Gathered(data, sort_out(new, weak, forbidden), [*earlier.learnt, *earlier.kept], judged_by, noise)


def _split(rows: list[Row], labels: tuple[str, ...]) -> Split:
    import numpy as np

    if not rows:
        raise BenchError("--validation holds no row with a text")
    ids = [row.key for row in rows]
    return Split(ids, [row.text for row in rows], np.array([row.label for row in rows], np.int64), labels)


def _train(parent: Path, served: str, gathered: Gathered, plan: Plan, seed: int, out_dir: Path) -> Path:
    """A candidate in `out_dir`, with the card of its parent and what it was learnt from."""
    from transformers_pt.update import update

    recipe, params = named_recipe(plan.recipe)
    split = lesson(gathered.news.learnt, gathered.data.train(), gathered.earlier, plan.replay, seed)
    out_dir.mkdir()
    update(parent, split, params, seed, out_dir)
    card = read_card(parent) | {"recipe": recipe.name, "params": dict(params), "seed": seed, "learnt_from": served}
    (out_dir / "artifact.json").write_text(json.dumps(card, indent=1, sort_keys=True), encoding="utf-8")
    return out_dir


def _decide(slot: Slot, served: str, candidate: Path, gathered: Gathered, margin: float) -> dict[str, Any]:
    """Compare with the served version, and with the one that a person chose, so that small losses cannot add up."""
    judge, kept, news = gathered.judged_by, gathered.news.kept, gathered.news
    new = open_folder(candidate, None)
    said, others = new.score(judge.texts).probabilities, []
    gain: Comparison | None = None
    for version in dict.fromkeys((served, slot.chosen())):
        other = open_folder(slot.folder(version), version)
        others.append(compare(version, judge.labels, other.score(judge.texts).probabilities, said))
        if version == served and kept:
            gain = _gain(other, new, kept)
    accepted, reason = verdict(others, margin)
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": "accepted" if accepted else "refused", "reason": reason,
        "served": served, "candidate": new.hash,
        "rows": {
            "labelled": sum(row.target is None for row in news.learnt), "held_out": len(kept),
            "weak": sum(row.target is not None for row in news.learnt), "left_out": news.left_out,
        },
        "noise": {name: [noise.wrong, "measured" if noise.measured else "published"]
                  for name, noise in gathered.noise.items()},
        "validation": split_hash(judge.label_names, judge)[:16],
        "margin": margin,
        "against": [asdict(one) for one in others],
        "on_held_out_feedback": asdict(gain) if gain else None,
    }  # fmt: skip


def _gain(served: Model, new: Model, kept: list[Row]) -> Comparison:
    texts, labels = [row.text for row in kept], targets(kept, len(new.labels)).argmax(axis=1)
    return compare(served.hash, labels, served.score(texts).probabilities, new.score(texts).probabilities)
