"""An audit as a Markdown page that may be published: no text of the data set stands in it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.audit.audit import Audit
from bench.audit.curve import LearningCurve
from bench.audit.explain import Explanation
from bench.audit.flipped import Flipped
from bench.metrics import written
from bench.proportion import Rate


def audit_page(found: Audit, n_train: int, flips: Flipped | None) -> str:
    """The page; `flips` is how well wrong labels are found, None where that was not looked at."""
    return "\n".join([*_lines(found, n_train, flips), ""])


def _lines(found: Audit, n_train: int, flips: Flipped | None) -> Iterator[str]:
    asked = f"{found.dataset}{' --without-suspects' if found.without else ''}"
    yield f"# {found.dataset}: what its labels are worth"
    yield ""
    yield (
        f"Revision {found.revision}, {n_train:,} training texts. Rules are fitted on train and held against "
        f"validation; no test label is read. Made by `python -m bench data audit {asked} --page docs/audits`."
    )
    yield from ("", "## Who made them", "", f"By the manifest: {found.source.line}.", "")
    yield f"By the audit: {found.verdict}."
    if found.explanations:
        yield from ("", "| rule | how | agrees with held-out labels | chance | Cohen's κ |", "|---|---|---|---|---|")
        yield from map(_rule, found.explanations)
    yield from ("", "## Which are wrong", "")
    yield f"- Texts of train that stand under more than one label: {found.conflicting_texts:,}."
    for leak in found.leaks:
        other = f"of them under another label: {leak.normalized_other_label:,}"
        yield f"- Texts of {leak.later} that stand in {leak.earlier} too: {leak.normalized:,}; {other}."
    yield f"- Pairs of train that are nearly the same text under other labels: {len(found.near_duplicates):,}."
    if not any("wrong labels" in missing for missing in found.missing):
        yield f"- {found.suspected}. That is {100 * len(found.suspects) / n_train:.1f} % of train."
    if found.without is not None:
        yield f"- {found.without.line[0].upper()}{found.without.line[1:]}."
    if flips is not None:
        yield (
            f"- How well they are found: of {flips.turned:,} labels turned on purpose among {flips.rows:,}, "
            f"{_share(flips.recall)} are found; of what is found, {_share(flips.precision)} were turned, and the rest "
            "are wrong as they came, or hard for the model."
        )
    yield from (f"- Not looked for: {missing}." for missing in found.missing)
    if found.curve is not None:
        yield from ("", "## Are there enough", "", *_curve(found.curve))


def _rule(each: Explanation) -> str:
    cells = (each.sign, each.rule, _share(each.agreement), f"{100 * each.chance:.1f} %", f"{each.kappa:.2f}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _share(rate: Rate) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return "none"
    return f"{100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"


def _curve(curve: LearningCurve) -> Iterator[str]:
    yield f"{curve.line[0].upper()}{curve.line[1:]}."
    yield from ("", f"| labels | {written(curve.metric)} on validation | 95 % |", "|---|---|---|")
    yield from (f"| {p.labels:,} | {p.score:.3f} | {p.low:.3f} to {p.high:.3f} |" for p in curve.points)
    yield ""
    yield f"The law: {curve.limit:.3f} − {curve.drop:.3g} · labels^−{curve.rate:.2f}."
