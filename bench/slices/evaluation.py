"""What is stored of a model's slices, beside the first of its runs."""

from __future__ import annotations

from pydantic import Field

from bench.evaluations import Evaluation, Evaluations
from bench.slices.compare import Slice


class Sliced(Evaluation):
    """All slices of one model, over several seeds of it."""

    seeds: int = Field(description="How many; a text counts by the share of them that are right.")
    slices: list[Slice] = Field(description="The worst first.")

    @property
    def differing(self) -> list[Slice]:
        """Those that are shown to be unlike the rest."""
        return [each for each in self.slices if each.differs]


SLICES = Evaluations("slices", Sliced, "python -m bench slices -d SET")
