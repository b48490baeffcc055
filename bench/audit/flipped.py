"""How well wrong labels are found, where it is known which are: some are turned on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bench.audit.explain import sampled
from bench.audit.suspects import suspects
from bench.contract import Split
from bench.proportion import Rate

SHARE = 0.03


class Flipped(BaseModel):
    """What the search for wrong labels found of those that were turned."""

    model_config = ConfigDict(extra="forbid")

    rows: int = Field(description="Of train, that were looked at.")
    turned: int
    recall: Rate = Field(description="Of the labels that were turned: those that were found.")
    precision: Rate = Field(description="Of what was found: that which was turned; the rest may be wrong as well.")


def flipped(train: Split, share: float = SHARE) -> Flipped:
    """Turn a share of the labels, each into another by chance, and look for wrong labels."""
    part = sampled(train)
    random = np.random.default_rng(0)
    at = random.choice(len(part), max(1, round(share * len(part))), replace=False)
    labels = part.labels.copy()
    labels[at] = (labels[at] + random.integers(1, len(part.label_names), len(at))) % len(part.label_names)
    turned = {part.ids[i] for i in at.tolist()}
    found = {suspect.id for suspect in suspects(replace(part, labels=labels))}
    return Flipped(
        rows=len(part), turned=len(turned), recall=Rate.of(len(found & turned), len(turned)),
        precision=Rate.of(len(found & turned), len(found)),
    )  # fmt: skip
