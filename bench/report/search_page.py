"""What a report shows of the searches of a store: their published summaries, read without Optuna."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.durable import write_atomic
from bench.errors import StoreError
from bench.report.plots.search_epochs import Epochs, epochs
from bench.report.plots.search_history import History, history
from bench.report.plots.search_importances import Importances, importance
from bench.report.plots.search_parameters import Slices, slices
from bench.report.plots.style import Drawing, slug
from bench.search.summary import Summary, summaries
from bench.store import Store


@dataclass(frozen=True)
class SearchPage:
    """One study; what cannot be drawn is None."""

    summary: Summary
    history: History | None
    epochs: Epochs | None
    importances: Importances | None
    slices: Slices | None

    @property
    def anchor(self) -> str:
        """Of its section."""
        return f"search-{slug(self.summary.study)}"

    @property
    def drawings(self) -> list[Drawing]:
        """All figures, for the PNG files."""
        own: list[Drawing | None] = [self.history, self.epochs, self.importances, self.slices]
        return [drawing for drawing in own if drawing is not None]

    @property
    def facts(self) -> list[str]:
        """What must be read with the figures."""
        summary = self.summary
        counts = ", ".join(
            f"{n} {state}" for state in ("complete", "pruned", "failed", "running") if (n := summary.count(state))
        )
        facts = [f"{len(summary.finished)} of {summary.asked} trials ended: {counts}"]
        if summary.killed:
            facts.append(f"{summary.killed} more were killed; others took their places, and they count nowhere")
        facts.append(f"every score is {summary.metric.replace('_', ' ')} on validation; the test split was not opened")
        facts.append(f"suggestions by TPE with seed {summary.seed}; trial 1 is the recipe's own parameters")
        if summary.limit is not None:
            facts.append(f"only {summary.limit} rows of each split were used")
        return facts


def search_pages(store: Store) -> list[SearchPage]:
    """A page a study, by name."""
    return [SearchPage(s, history(s), epochs(s), importance(s), slices(s)) for s in summaries(store.searches)]


def copy_summaries(store: Store, out: Path) -> list[str]:
    """The summaries beside the report, so that its numbers can be checked, and their studies; other stores' stay."""
    studies = [summary.study for summary in summaries(store.searches)]
    for study in studies:
        name = f"{study}.json"
        try:
            content = (store.searches / name).read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read {store.searches / name}: {error.strerror}; search again") from error
        write_atomic(out / "searches" / name, content)
    return studies
