"""What was run, apart from the data and the seed: what the runs of one leaderboard line share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.board.row import Row
from bench.contract import Params
from bench.identity import ModelIdentity


@dataclass(frozen=True)
class Model:
    """A recipe with all of its parameters and what it was made of; equal where all of these are.

    A parameter that a result is too old to have is no parameter at its default of today: nobody can tell what stood in
    its place, and runs of both are never averaged.
    """

    identity: ModelIdentity
    origins: tuple[Model, ...]
    """Its parent, all members of an ensemble, or none."""
    params: Params = field(compare=False)
    variant: str = field(compare=False)
    """As a run of it was named when it ran."""

    @property
    def recipe(self) -> str:
        """Its recipe's name."""
        return self.identity.recipe

    @property
    def refit(self) -> bool:
        """Trained on train and validation together."""
        return self.identity.trained_on == "train+validation"

    @property
    def parent(self) -> Model | None:
        """Of what was made of one other model; None for an ensemble as well."""
        return self.origins[0] if len(self.origins) == 1 else None

    def family(self) -> Iterator[Model]:
        """Itself and all that it comes from."""
        yield self
        for origin in self.origins:
            yield from origin.family()


class LineKey(NamedTuple):
    """What the runs of one leaderboard line share: all but the seed."""

    track: str
    model: Model
    teacher: Model | None


class Models:
    """The model of every run."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {row.run_id: row for row in rows}
        self._models: dict[str, Model] = {}

    def of(self, run_id: str) -> Model:
        """Of a run; of one without a stored result the run id is all."""
        if run_id not in self._models:
            row = self._rows.get(run_id)
            self._models[run_id] = self._model(row) if row else Model(ModelIdentity(run_id, "", "train"), (), {}, "")
        return self._models[run_id]

    def key(self, row: Row) -> LineKey:
        """The line, on its leaderboard, that a run is a seed of."""
        return LineKey(row.track, self.of(row.run_id), self.of(row.teacher_run_id) if row.teacher_run_id else None)

    def _model(self, row: Row) -> Model:
        made_of = (row.parent_run_id,) if row.parent_run_id else row.member_run_ids
        return Model(
            identity=ModelIdentity.of(row.recipe, row.params, row.data.trained_on),
            origins=tuple(self.of(run_id) for run_id in made_of),
            params=row.params,
            variant=row.variant,
        )
