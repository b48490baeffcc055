"""A whole audit of a data set's labels: their source, simple explanations, contradictions, suspects, their number."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

from pydantic import BaseModel, ConfigDict, Field

from bench.audit.agreement import Agreement, annotators
from bench.audit.curve import LearningCurve, learning_curve
from bench.audit.explain import Explanation, explanations, sampled
from bench.audit.near import Pair, near_duplicates
from bench.audit.signs import column_signs
from bench.audit.suspects import FOLDS, Suspect, suspects, too_few
from bench.audit.without import Without, without_suspects
from bench.contract import Split
from bench.data import DatasetRef, Prepared
from bench.data.context import other_columns
from bench.data.describe import Leak
from bench.data.label_shape import need_one_label
from bench.data.manifest import LabelSource, is_multi_label, label_source, metric_of
from bench.requirements import install_command


class Audit(BaseModel):
    """What was found."""

    model_config = ConfigDict(extra="forbid")

    dataset: str
    revision: str
    source: LabelSource = Field(description="Who made the labels, by the manifest.")
    explanations: list[Explanation] = Field(description="Rules better than chance on validation, the best first.")
    conflicting_texts: int = Field(description="Texts of train that stand under more than one label, normalized.")
    leaks: list[Leak]
    near_duplicates: list[Pair] = Field(description="Of train: nearly the same text, another label.")
    suspects: list[Suspect] = Field(description="Rows of train whose label is suspected to be wrong, the worst first.")
    agreement: Agreement | None = Field(None, description="Of annotators, where columns of a user's file hold them.")
    curve: LearningCurve | None = Field(None, description="Null for too few rows.")
    without: Without | None = Field(None, description="A model without the suspects; null where that was not tried.")
    missing: list[str] = Field(description="What was not looked for, and what installs it.")
    multi_label: bool = Field(False, description="A text may have several labels: no rule is tried, nor a model.")

    @property
    def verdict(self) -> str:
        """In one line."""
        if self.multi_label:
            return "whether simple rules give these labels was not tried: a text may have several"
        best = next((each for each in self.explanations if each.follows), None)
        if best is None:
            return "no simple rule gives these labels: none agrees with them almost perfectly"
        return (
            f"the labels follow from {best.sign} ({best.rule}): {100 * (best.agreement.value or 0):.1f} % of held-out "
            "labels; a model that is trained on them learns to imitate it"
        )

    @property
    def suspected(self) -> str:
        """How many labels are suspected, and how far that may be trusted, in one line."""
        line = (
            f"{len(self.suspects):,} labels of train are suspected to be wrong: a linear model that has not seen the "
            "row finds another one more probable"
        )
        by_rule = any(each.follows for each in self.explanations)
        return (
            f"{line}; as the labels follow from a rule, most of these are the model's own errors" if by_rule else line
        )


def audit(prepared: Prepared, ref: DatasetRef, try_without: bool = False) -> Audit:
    """Look at the labels of train; rules are held against validation, and no test label is read.

    `try_without` trains a model with and without the rows whose labels are suspected to be wrong.
    But for the agreement of annotators, which is of all rows of the user's file.
    """
    if is_multi_label(prepared.meta.notes):
        return _of_several(prepared, try_without)
    train, validation = prepared.training()
    description = prepared.description()
    missing = [
        f"{what} ({install_command(package)})"
        for package, what in (("vaderSentiment", "the VADER lexicon"), ("cleanlab", "wrong labels"))
        if find_spec(package) is None
    ]
    few = too_few(train)
    if few:
        missing.append(f"wrong labels (a label has fewer than {FOLDS} texts in train)")
    wrong = [] if few or find_spec("cleanlab") is None else suspects(train)
    metric = metric_of(prepared.name, prepared.meta.notes)
    fit, held = sampled(train), sampled(validation)
    source = replace(ref, reading=prepared.meta.reading or ref.reading)
    return Audit(
        dataset=prepared.name,
        revision=prepared.revision,
        source=label_source(prepared.name),
        explanations=explanations(fit, held, column_signs(_columns(source, fit, held))),
        conflicting_texts=description.counts["train_conflicting_texts"],
        leaks=description.leaks,
        near_duplicates=near_duplicates(train),
        suspects=wrong,
        agreement=annotators(ref.path, source.reading, prepared.label_names) if ref.path else None,
        curve=learning_curve(train, validation, metric),
        without=without_suspects(train, validation, {each.id for each in wrong}, metric) if try_without else None,
        missing=missing,
    )


def _of_several(prepared: Prepared, try_without: bool) -> Audit:
    """What can be said where a text may have several labels: contradictions, leaks, near-duplicates."""
    if try_without:
        need_one_label("--without-suspects", prepared.name, prepared.meta.notes)
    description = prepared.description()
    return Audit(
        dataset=prepared.name,
        revision=prepared.revision,
        source=label_source(prepared.name),
        explanations=[],
        conflicting_texts=description.counts["train_conflicting_texts"],
        leaks=description.leaks,
        near_duplicates=near_duplicates(prepared.train()),
        suspects=[],
        missing=[f"{what} (a text may have several labels)" for what in ("wrong labels", "whether there are enough")],
        multi_label=True,
    )


def _columns(ref: DatasetRef, fit: Split, held: Split) -> dict[str, dict[str, str]]:
    """What stands beside text and label in the files of a data set: by column, the value of each row by its id."""
    first, second = (other_columns(ref, part.ids, part.texts) for part in (fit, held))
    return {
        name: dict(zip([*fit.ids, *held.ids], [*first[name], *second[name]], strict=True))
        for name in first.keys() & second.keys()
    }
