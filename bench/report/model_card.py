"""The model card of a run, in the format of the Hugging Face hub, from its result alone.

The metadata hold a `model-index` (the test scores), as `huggingface_hub.ModelCardData` writes it:
https://huggingface.co/docs/hub/model-cards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.board.numbers import megabytes
from bench.data.manifest import dataset_names, entry, metric_of
from bench.metrics import METRICS
from bench.schema import Interval, Result

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

USAGE = """import sentibench

model = sentibench.load("path/to/the/artifact")
model.predict(["what a day"])"""
"""Of a card that lies beside an artifact of this project."""


def model_card(
    result: Result,
    name: str,
    usage: str = USAGE,
    base_model: str | None = None,
    library: str | None = None,
    remarks: Sequence[str] = (),
) -> str:
    """`README.md` of the model of a scored run, YAML metadata first.

    `usage` is Python, `base_model` the encoder's name on the hub, `remarks` are added to what a reader must know.
    """
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        model_name=name, library_name=library, pipeline_tag="text-classification",
        tags=["text-classification", "sentiment-analysis"], base_model=base_model, datasets=[result.data.dataset],
        metrics=["accuracy", "f1", "recall"], eval_results=_evaluations(result), ignore_metadata_errors=False,
    )  # fmt: skip
    sections = [
        f"# {name}", _summary(result), f"## Use\n\n```python\n{usage}\n```", _scores(result), _training(result),
        _footprint(result), _limits(result, remarks),
    ]  # fmt: skip
    return f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(section for section in sections if section) + "\n"


def _metrics(result: Result) -> list[tuple[str, Interval]]:
    """By name, the data set's own first."""
    assert result.quality is not None
    own = metric_of(result.data.dataset, result.data.notes)
    names = sorted(METRICS, key=lambda name: name != own)
    return [(name, getattr(result.quality, name)) for name in names]


def _named(metric: str, result: Result) -> str:
    """Where a text may have several labels, accuracy is of all of them together."""
    several = result.quality is not None and result.quality.multi_label is not None
    return "subset_accuracy" if several and metric == "accuracy" else metric


def _evaluations(result: Result) -> list[EvalResult]:
    from huggingface_hub import EvalResult

    kinds = {"accuracy": ("accuracy", None), "macro_f1": ("f1", "macro"), "macro_recall": ("recall", "macro")}
    found = []
    for name, score in _metrics(result):
        kind, average = kinds[name]
        found.append(
            EvalResult(
                task_type="text-classification", task_name="Text classification", dataset_type=result.data.dataset,
                dataset_name=_title(result), dataset_split=result.data.split, dataset_revision=result.data.revision,
                metric_type=kind, metric_name=name, metric_value=round(score.value, 6),
                metric_args=None if average is None else {"average": average},
            )
        )  # fmt: skip
    return found


def _title(result: Result) -> str:
    name = result.data.dataset
    return entry(name).title if name in dataset_names() else name


def _summary(result: Result) -> str:
    labels = ", ".join(f"`{label}`" for label in result.data.label_names)
    return f"A text classifier for {_title(result)}: {labels}."


def _scores(result: Result) -> str:
    assert result.quality is not None
    own = metric_of(result.data.dataset, result.data.notes)
    rows = [
        f"| {_named(name, result)}{' (the metric of this data set)' if name == own else ''} | {score.value:.4f} | "
        f"{score.low:.4f} to {score.high:.4f} |"
        for name, score in _metrics(result)
    ]
    by_label = [
        f"| {one.label} | {one.precision:.3f} | {one.recall:.3f} | {one.f1:.3f} | {one.support} |"
        for one in result.quality.per_class
    ]
    return "\n".join(
        [
            f"## Scores\n\nOf the split `{result.data.split}`, {result.quality.n:,} texts, scored once. "
            "The interval (95 %) is over texts: another training would differ too.\n",
            "| metric | score | interval |\n|---|---|---|", *rows,
            "\n| label | precision | recall | F1 | texts |\n|---|---|---|---|---|", *by_label,
        ]
    )  # fmt: skip


def _training(result: Result) -> str:
    identity, data = result.identity, result.data
    lines = [
        f"- Recipe: `{identity.recipe}{f'[{identity.variant}]' if identity.variant else ''}`, seed {identity.seed}, "
        f"{identity.framework}",
        f"- Data: {data.dataset}, revision `{data.revision[:12]}`, trained on {data.trained_on.replace('+', ' and ')}"
        + (f", {data.n_train:,} texts" if data.n_train else ""),
    ]
    if identity.parent_run_id:
        lines.append(f"- Made of: `{identity.parent_run_id}`")
    if identity.teacher_run_id:
        lines.append(f"- Teacher: `{identity.teacher_run_id}`")
    if result.outcome.train_seconds is not None:
        env = result.environment
        where = result.environment.accelerator or f"{env.cores} cores of {env.cpu}"
        lines.append(f"- {result.outcome.train_seconds:,.0f} seconds on {where}")
    if identity.git_commit:
        dirty = ", with changes that were not committed" if identity.dirty else ""
        lines.append(f"- Code: commit `{identity.git_commit[:12]}`{dirty}; run `{result.run_id}`")
    return "## Training\n\n" + "\n".join(lines)


def _footprint(result: Result) -> str:
    size, lines = result.size, []
    if size is not None:
        lines.append(f"- {size.parameters:,} parameters, {megabytes(size.bytes_on_disk)} MB on disk")
    if result.measurement is not None:
        for row in result.measurement.latency:
            if row.bucket == "all" and row.scenario == "single_stream":
                lines.append(
                    f"- one text: {row.p50_ms:.2f} ms (median), {row.threads} thread(s), {result.environment.cpu}"
                )
    return "## Size and time\n\n" + "\n".join(lines) if lines else ""


def _limits(result: Result, remarks: Sequence[str]) -> str:
    notes = [*result.data.notes, *remarks]
    if result.quality is not None and (sets := result.quality.multi_label) is not None:
        least = zip(result.data.label_names, sets.thresholds, strict=True)
        listed = ", ".join(f"`{name}` {threshold:.3g}" for name, threshold in least)
        notes.append(f"a text has each label whose probability is at least its threshold: {listed}")
    if result.data.dataset in dataset_names():
        notes.append(f"the licence of the data: {entry(result.data.dataset).licence}")
    cut = result.truncation
    if cut is not None and cut.texts:
        notes.append(f"{cut.texts:.1%} of the test texts are longer than the model reads")
    if result.data.limit is not None:
        notes.append(f"trained and scored on {result.data.limit} rows a split: a rehearsal, not a result")
    return "## What to know\n\n" + "\n".join(f"- {note}" for note in notes) if notes else ""
