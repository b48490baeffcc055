"""One update of a slot: gather, train, compare, decide."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.api import BenchError, Params, Recipe, named_recipe, read_card
from bench.data.digest import split_hash
from bench.requirements import install_command
from bench.run.keys import package_versions
from bench.store import Store
from serving.learn.gather import Gathered, Plan, gather
from serving.learn.ledger import Decision, Ledger, RowCounts
from serving.learn.rows import Row, targets
from serving.learn.training_set import training_set
from serving.learn.verdict import PairedAccuracy, compare, verdict
from serving.model import Model, open_folder
from serving.slot import Slot
from serving.trust import Trust


def run_update(slot: Slot, store: Store, plan: Plan, log: Callable[[str], None]) -> Decision | None:
    """One update: its decision, which stands in the journal; None where there is too little that is new."""
    recipe, params = named_recipe(plan.recipe)
    with slot.learning() as folder:
        ledger, served = Ledger(slot), slot.current()
        _check(slot.folder(served), recipe, params)
        gathered = gather(slot, ledger, store, plan, served)
        for noise in gathered.noise.values():
            log(noise.summary())
        count = len(gathered.new.keys)
        if count < plan.min_rows or not gathered.new.training:
            log(f"{count} new rows; an update needs {plan.min_rows}{gathered.passed_over}")
            return None
        started = time.monotonic()
        candidate = _train(slot.folder(served), served, gathered, plan, len(ledger.decisions()), folder)
        decision = _decide(slot, served, candidate, gathered, plan, Trust(store))
        if decision.verdict == "accepted":
            slot.add(candidate)
            # a rollback during the training was a decision against the version that the candidate came from
            if not slot.point(decision.candidate, "learn", instead_of=served):
                decision = replace(decision, verdict="refused", reason=f"the slot no longer serves {served[:12]}")
        decision = replace(decision, seconds=round(time.monotonic() - started, 1))
        ledger.record(decision, [*gathered.new.keys, *gathered.new.left_out])
        return decision


def _check(parent: Path, recipe: Recipe, params: Params) -> None:
    """A `BenchError` for what cannot be trained: packages, recipe, parent."""
    missing = [name for name, version in package_versions(recipe.resolve(params)).items() if version == "missing"]
    if missing:
        raise BenchError(f"an update needs '{missing[0]}': {install_command(missing[0])}")
    if recipe.name != "lora":
        raise BenchError(f"--recipe {recipe.name}: an update trains low-rank adapters, lora[...]")
    from transformers_pt.update import check_updatable  # after the packages that it imports

    check_updatable(parent, params)


def _train(parent: Path, served: str, gathered: Gathered, plan: Plan, seed: int, out_dir: Path) -> Path:
    """A candidate in `out_dir`, with the card of its parent and what it was learnt from."""
    from transformers_pt.update import update

    recipe, params = named_recipe(plan.recipe)
    split = training_set(gathered.new.training, gathered.data.train(), gathered.earlier, plan.replay, seed)
    out_dir.mkdir()
    with redirect_stdout(sys.stderr):  # the progress of the training
        update(parent, split, params, seed, out_dir)
    card = read_card(parent) | {"recipe": recipe.name, "params": dict(params), "seed": seed, "learnt_from": served}
    (out_dir / "artifact.json").write_text(json.dumps(card, indent=1, sort_keys=True), encoding="utf-8")
    return out_dir


def _decide(slot: Slot, served: str, candidate: Path, gathered: Gathered, plan: Plan, trust: Trust) -> Decision:
    """Compare with the served version, and with the one that a person chose, so that small losses cannot add up."""
    split, new = gathered.validation, open_folder(candidate, None, trust)
    probabilities = new.score(split.texts).probabilities
    comparisons: list[PairedAccuracy] = []
    gain: PairedAccuracy | None = None
    for version in dict.fromkeys((served, slot.chosen())):
        other = open_folder(slot.folder(version), version, trust)
        comparisons.append(compare(version, split.labels, other.score(split.texts).probabilities, probabilities))
        if version == served and gathered.new.held_out:
            gain = _gain(other, new, gathered.new.held_out)
    weak = sum(row.target is not None for row in gathered.new.training)
    rows = RowCounts(len(gathered.new.training) - weak, len(gathered.new.held_out), weak, len(gathered.new.left_out))
    accepted, reason = verdict(comparisons, plan.margin)
    return Decision(
        datetime.now(UTC).isoformat(timespec="seconds"), "accepted" if accepted else "refused", reason, served,
        new.hash, rows,
        {name: (noise.wrong, "measured" if noise.measured else "published") for name, noise in gathered.noise.items()},
        split_hash(split.label_names, split)[:16], plan.margin, comparisons, gain, plan.recipe, plan.replay, 0.0,
    )  # fmt: skip


def _gain(served: Model, new: Model, held_out: list[Row]) -> PairedAccuracy:
    texts, labels = [row.text for row in held_out], targets(held_out, len(new.labels)).argmax(axis=1)
    return compare(served.hash, labels, served.score(texts).probabilities, new.score(texts).probabilities)
