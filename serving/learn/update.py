"""One update of a slot: gather, train, compare, decide."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.api import BenchError, Params, Recipe, named_recipe, read_card
from bench.data.digest import split_hash
from bench.registry import requirements_file
from bench.run.keys import package_versions
from bench.store import Store
from serving.learn.gather import Gathered, Plan, gather
from serving.learn.ledger import Ledger
from serving.learn.lesson import lesson
from serving.learn.rows import Row, targets
from serving.learn.verdict import PairedAccuracy, compare, verdict
from serving.model import Model, open_folder
from serving.slot import Slot
from serving.trust import Trust

Say = Callable[[str], None]


def run_update(slot: Slot, store: Store, plan: Plan, say: Say) -> dict[str, Any] | None:
    """One update: its decision as it stands in the journal; None where there is too little that is new."""
    recipe, params = named_recipe(plan.recipe)
    _check_packages(recipe, params)
    with slot.learning() as folder:
        ledger, served = Ledger(slot), slot.current()
        _check(slot.folder(served), recipe.name, params)
        gathered = gather(slot, ledger, store, plan, served)
        for noise in gathered.noise.values():
            say(noise.told())
        new = len(gathered.news.keys)
        if new < plan.least or not gathered.news.learnt:
            say(f"{new} new rows; an update needs {plan.least}")
            return None
        started = time.monotonic()
        candidate = _train(slot.folder(served), served, gathered, plan, len(ledger.decisions()), folder)
        decision = _decide(slot, served, candidate, gathered, plan.margin, Trust(store))
        if decision["verdict"] == "accepted":
            slot.add(candidate)
            if not slot.point(decision["candidate"], "learn", instead_of=served):
                decision |= {"verdict": "refused", "reason": f"the slot no longer serves {served[:12]}"}
        decision |= {"recipe": plan.recipe, "replay": plan.replay, "seconds": round(time.monotonic() - started, 1)}
        ledger.record(decision, [*gathered.news.keys, *gathered.news.left_out])
        return decision


def _check_packages(recipe: Recipe, params: Params) -> None:
    missing = [name for name, version in package_versions(recipe.resolve(params)).items() if version == "missing"]
    if missing:
        raise BenchError(f"an update needs '{missing[0]}': pip install -r {requirements_file(missing[0])}")


def _check(parent: Path, recipe: str, params: Params) -> None:
    from transformers_pt.update import check_updatable

    if recipe != "lora":
        raise BenchError(f"--recipe {recipe}: an update trains low-rank adapters, lora[...]")
    check_updatable(parent, params)


def _train(parent: Path, served: str, gathered: Gathered, plan: Plan, seed: int, out_dir: Path) -> Path:
    """A candidate in `out_dir`, with the card of its parent and what it was learnt from."""
    from transformers_pt.update import update

    recipe, params = named_recipe(plan.recipe)
    split = lesson(gathered.news.learnt, gathered.data.train(), gathered.earlier, plan.replay, seed)
    out_dir.mkdir()
    with redirect_stdout(sys.stderr):  # what the training says of itself
        update(parent, split, params, seed, out_dir)
    card = read_card(parent) | {"recipe": recipe.name, "params": dict(params), "seed": seed, "learnt_from": served}
    (out_dir / "artifact.json").write_text(json.dumps(card, indent=1, sort_keys=True), encoding="utf-8")
    return out_dir


def _decide(
    slot: Slot, served: str, candidate: Path, gathered: Gathered, margin: float, trust: Trust
) -> dict[str, Any]:  # fmt: skip
    """Compare with the served version, and with the one that a person chose, so that small losses cannot add up."""
    judge, kept, news = gathered.judged_by, gathered.news.kept, gathered.news
    new = open_folder(candidate, None, trust)
    said, others = new.score(judge.texts).probabilities, []
    gain: PairedAccuracy | None = None
    for version in dict.fromkeys((served, slot.chosen())):
        other = open_folder(slot.folder(version), version, trust)
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
            "weak": sum(row.target is not None for row in news.learnt), "left_out": len(news.left_out),
        },
        "noise": {name: [noise.wrong, "measured" if noise.measured else "published"]
                  for name, noise in gathered.noise.items()},
        "validation": split_hash(judge.label_names, judge)[:16],
        "margin": margin,
        "against": [asdict(one) for one in others],
        "on_held_out_feedback": asdict(gain) if gain else None,
    }  # fmt: skip


def _gain(served: Model, new: Model, kept: list[Row]) -> PairedAccuracy:
    texts, labels = [row.text for row in kept], targets(kept, len(new.labels)).argmax(axis=1)
    return compare(served.hash, labels, served.score(texts).probabilities, new.score(texts).probabilities)
