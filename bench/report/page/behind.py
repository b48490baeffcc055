"""What lies behind all leaderboards: ranks over data sets, behaviour, confidence, machines, sessions, columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.board.across import Across
from bench.board.numbers import estimate
from bench.confidence.storage import Confidence
from bench.report import confidence, robustness, slices
from bench.report.columns import COLUMNS
from bench.report.page.evidence import Fold, fold, table
from bench.report.provenance import Provenance
from bench.report.robustness import called
from bench.report.sessions import Sessions
from bench.robustness.evaluation import Robustness
from bench.slices.evaluation import Sliced

MOST = 8
"""Environments, commits and protocols that are listed, the most used first."""


def ranks(compared: Across | None) -> list[Fold]:
    """Recipes over several data sets."""
    if compared is None:
        return []
    found = compared.ranks
    shown = "not shown to differ at all" if found.p >= 0.05 else "shown to differ"
    note = (
        f"Each recipe by the model of it that is best on validation of each of {', '.join(compared.boards)}. "
        f"Average ranks closer than {found.critical_difference:.2f} are not shown to differ (Nemenyi); as a whole "
        f"they are {shown} (Friedman, p {found.p:.2g}). The other columns: on how many data sets the row is not shown "
        "to be worse."
    )
    columns = [["recipe", ""], ["average rank", ""], *([recipe, ""] for recipe in compared.recipes)]
    rows = []
    for recipe, rank in zip(compared.recipes, found.ranks, strict=True):
        shares = [compared.shares.get((recipe, other)) for other in compared.recipes]
        rows.append([recipe, f"{rank:.2f}", *(str(share.not_worse) if share else "" for share in shares)])
    return fold("Recipes across data sets", note, [table(columns, rows)])


def behaviour(tested: Sequence[Robustness], titles: Mapping[str, str]) -> list[Fold]:
    """Tests of behaviour, typing errors, other domains; a run's model is named by `titles`."""
    blocks = [
        table([[name, ""] for name in header], rows, f"{called(each.run_id, titles)}: {title}")
        for each in tested
        for title, header, rows in robustness.tables(each)
    ]
    return fold(
        "Behaviour", "Does it read negation, what does a typing error do to it, how does it do on other texts.", blocks
    )


def sliced(found: Sequence[Sliced], titles: Mapping[str, str]) -> list[Fold]:
    """Where a model does worse or better than on the rest."""
    blocks = [
        table(
            [[name, ""] for name in slices.HEADER],
            [slices.cells(one) for one in each.differing],
            f"{called(each.run_id, titles)}, {each.dataset}: {slices.summary(each)}",
        )
        for each in found
    ]
    return fold("Slices", "Parts of the test texts on which a model does better or worse than on the rest.", blocks)


def sureness(fitted: Sequence[Confidence], titles: Mapping[str, str]) -> list[Fold]:
    """Calibration, abstention and sets of labels of the runs that were calibrated."""
    blocks = [
        table([[name, ""] for name in header], rows, f"{called(each.run_id, titles)}: {title}")
        for each in fitted
        for title, header, rows in confidence.tables(each)
    ]
    return fold("Confidence", "Calibrated on validation, told on test.", blocks)


def environments(provenance: Provenance) -> list[Fold]:
    """Machines, packages, commits, protocols and measuring sessions."""
    machines = [
        [str(count), of.machine, f"{of.cpu}, {of.cores} cores, {of.ram_gb} GB", ", ".join(of.cpu_flags) or "–",
         of.accelerator or "none", f"{of.os}, Python {of.python}",
         ", ".join(f"{k}={v}" for k, v in sorted(of.thread_settings.items())) or "–",
         ", ".join(f"{k} {v}" for k, v in sorted(of.packages.items()))]
        for of, count in provenance.machines[:MOST]
    ]  # fmt: skip
    heads = ("runs", "machine", "processor", "instructions", "accelerator", "system", "threads", "packages")
    blocks = [table([[head, ""] for head in heads], machines)] if machines else []
    made = [[str(n), f"commit {commit}"] for commit, n in provenance.commits.most_common(MOST)]
    made += [[str(n), f"timed by protocol {protocol}"] for protocol, n in provenance.protocols.most_common(MOST)]
    blocks += [table([["runs", ""], ["made by", ""]], made)] if made else []
    rows = list(_sessions(provenance.sessions))
    blocks += [table(SESSION_COLUMNS, rows, "Measuring sessions")] if rows else []
    return fold(
        "Environment", "Times stand beside each other of one machine, one protocol and one session alone.", blocks
    )


SESSION_COLUMNS = [
    ["session", ""], ["machine", ""], ["kernel", ""], ["boot", ""], ["runs timed", ""],
    ["gaps", "Stops after which it went on"],
    ["beside other load", "Rounds during which others kept at least 0.1 cores busy"],
    ["reference ms", "Median of the reference workload, all cores, with its interval over rounds"],
    ["against the newest", "How many times as long the reference took"],
]  # fmt: skip


def _sessions(sessions: Sessions) -> Iterator[list[str]]:
    newest = next(iter(sessions.ordered), None)
    for record in sessions.ordered:
        of = record.session
        against = estimate(record.against(newest)) if newest and record is not newest else ""
        yield [
            of.id, record.machine, of.kernel, (of.boot_id or "unknown")[:8], str(record.runs),
            str(len(of.gaps) or ""), f"{100 * record.busy / record.rounds:.0f} %" if record.rounds else "",
            estimate(record.reference_ms), against,
        ]  # fmt: skip


def columns() -> list[Fold]:
    """What every column means."""
    rows = [[column.title, column.help] for column in COLUMNS]
    note = (
        "A tie is a model that is not shown to be worse than the best, by a paired test over texts and seeds that is "
        "corrected for all pairs: for those of models trained on all of train, and for a model of few labels for all "
        "pairs of the leaderboard. A tie is no proof of equality: bench compare A B --margin tests that. Single texts "
        "are timed one by one, batches of 32 in shuffled order; tokenization is included. Megabytes are 10⁶ bytes."
    )
    return fold("Every column explained", note, [table([["column", ""], ["meaning", ""]], rows)])
