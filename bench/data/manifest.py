"""The manifest: one typed, closed YAML file a data set in `sets/`, named as the data set.

A name stands for exactly one content. What changes the content gets a new name; the old entry names what supersedes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bench.data.facts import DatasetFacts
from bench.errors import DataError, did_you_mean
from bench.metrics import Metric

SPLITS = ("train", "validation", "test", "all")
"""`all` has no split yet: it is cut by a hash of its texts, or of their groups."""
Polarity = Literal["negative", "neutral", "positive"]
SETS = Path(__file__).parent / "sets"


class Closed(BaseModel):
    """Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LinesLayout(Closed):
    """One row a line, text and label parted by `separator`; the last one where the text comes first."""

    reader: Literal["lines"]
    encoding: str = "utf-8"
    separator: str
    label_first: bool = False


class PairedLayout(Closed):
    """Pairs of files, in this order: a text a line, and a label a line."""

    reader: Literal["paired"]
    encoding: str = "utf-8"


class PerLabelLayout(Closed):
    """One file a label, a text a line; `file_labels[i]` is the label of file i."""

    reader: Literal["per_label"]
    encoding: str = "utf-8"
    file_labels: tuple[str, ...]


class TableLayout(Closed):
    """CSV or TSV. Columns are names where there is a header, else positions from 0."""

    reader: Literal["table"]
    encoding: str = "utf-8"
    delimiter: str = ","
    quoted: bool = True
    header: bool = True
    text_column: str | int
    label_column: str | int
    split_column: None = None
    """No set has one; the field is part of the keys of prepared data."""


class ParquetLayout(Closed):
    """Apache Parquet."""

    reader: Literal["parquet"]
    text_column: str
    label_column: str
    split_column: None = None


class TarLayout(Closed):
    """A tar of `<root>/<split>/<label>/<file>.txt`, all splits in one file, read in one pass without unpacking."""

    reader: Literal["tar"]
    encoding: str = "utf-8"


class RatedLayout(Closed):
    """`id TAB mean rating TAB text` a line; `negative` up to the first cut, `positive` from the second on."""

    reader: Literal["rated"]
    encoding: str = "utf-8"
    cuts: tuple[float, float]
    group_separator: str | None = None
    """What parts an id into its document and the rest: sentences of one document stay in one split."""


class ToyLayout(Closed):
    """Generated: there is no file."""

    reader: Literal["toy"]


Layout = Annotated[
    LinesLayout | PairedLayout | PerLabelLayout | TableLayout | ParquetLayout | TarLayout | RatedLayout | ToyLayout,
    Field(discriminator="reader"),
]


class SourceFile(Closed):
    """What the uncompressed bytes of a file must be. Unpinned where neither hash is recorded."""

    bytes: int | None = None
    sha256: str | None = None
    git_blob: str | None = Field(None, description="The SHA-1 that git gives the file, where no SHA-256 is recorded.")

    @property
    def pinned(self) -> bool:
        """Whether a hash is recorded."""
        return self.sha256 is not None or self.git_blob is not None


class Part(Closed):
    """A published split: its files and what they must hold."""

    files: tuple[str, ...] = ()
    layout: Layout | None = Field(None, description="Where it is not the entry's.")
    rows: int = Field(description="Rows in the published files, those with a label that is left out included.")
    counts: dict[str, int] = Field(default_factory=dict, description="Rows of each label; empty where not recorded.")
    digest: str | None = Field(None, description="Order-independent hash of the rows: `bench.data.digest`.")


class Fetched(Closed):
    """How `data fetch` leaves a set whose published files cannot be made again from the download."""

    layout: Layout
    files: dict[str, tuple[str, ...]]


class Hub(Closed):
    """Where the set lies on the Hugging Face hub."""

    repo: str
    revision: str = Field(description="Full commit id.")
    config: str
    text_column: str = "text"
    label_column: str = "label"
    splits: dict[str, str] = Field(description="Our split: the hub's.")
    labels: tuple[str, ...] = Field(description="As the published files write them, in the order of the hub's ids.")


class Context(Closed):
    """Columns of a published table beside text and label: for slices, never for training."""

    date_column: str | int | None = None
    date_format: str = Field("%Y-%m-%d", description="Of `datetime.strptime`.")
    place_column: str | int | None = None


Maker = Literal["people", "emoticons", "hashtags", "lexicon", "ratings", "generator", "unknown"]


class LabelSource(Closed):
    """Who, or what, made the labels."""

    train: Maker
    test: Maker | None = Field(None, description="Where it is another than of train.")
    people: int | None = Field(None, description="How many judged each text, where that is known.")
    evidence: str

    @property
    def line(self) -> str:
        """In one line."""
        who = f"{self.people} people each" if self.people else self.train
        return f"{who}{f' (test: {self.test})' if self.test else ''}; {self.evidence}"


UNKNOWN = LabelSource(train="unknown", evidence="`bench data audit` looks for simple rules behind them")


class Entry(Closed):
    """The manifest's entry of one data set."""

    name: str
    title: str
    revision: str
    layout: Layout
    splits: dict[str, Part]
    files: dict[str, SourceFile]
    label_names: tuple[str, ...] = Field(description="In label order.")
    metric: Metric = Field(
        "accuracy",
        exclude=True,  # what is prepared does not depend on it
        description="The set's own: it decides ranks, ties, gates and choices.",
    )
    context: Context = Field(Context(), exclude=True, description="When and where a text was written.")
    label_source: LabelSource = Field(UNKNOWN, exclude=True, description="Who made the labels, with the evidence.")
    labels: dict[str, str | None] = Field(
        default_factory=dict, description="Label as written in the file: our name; null leaves the row out."
    )
    ordinal: bool = Field(False, description="The labels are steps of one scale, in their order.")
    polarity: dict[str, Polarity] = Field(
        default_factory=dict, description="What our labels say of sentiment; one that is left out says nothing of it."
    )
    sort_rows: bool = Field(
        False,
        description="Rows are put in the order of their hashes: ids are then the same for every copy.",
    )
    fetched: Fetched | None = None
    licence: str
    source: str
    citation: str
    notes: tuple[str, ...] = ()
    superseded_by: str | None = None
    hub: Hub | None = None
    kaggle: str | None = None
    kaggle_files: dict[str, str] = Field(default_factory=dict, description="Our file: the name in the Kaggle set.")
    urls: dict[str, str] = Field(default_factory=dict, description="Our file: its address at a pinned commit.")

    @property
    def facts(self) -> DatasetFacts:
        """What is written of it.

        Declared in this class, not inherited: the order of an entry's fields is part of the key of its prepared data.
        """
        return DatasetFacts.model_validate(self, from_attributes=True)

    @model_validator(mode="after")
    def _agree(self) -> Entry:
        names = set(self.label_names)
        wrong = {x for part in self.splits.values() for x in part.counts} - names
        wrong |= {x for x in self.labels.values() if x is not None} - names
        wrong |= set(self.polarity) - names
        if wrong:
            raise ValueError(f"labels not in label_names: {sorted(wrong)}")
        listed = {path for part in self.splits.values() for path in part.files}
        if not set(self.splits) <= set(SPLITS):
            raise ValueError(f"splits are {SPLITS}, not {sorted(self.splits)}")
        if listed != set(self.files):
            raise ValueError(f"files and splits differ: {sorted(listed ^ set(self.files))}")
        return self


SKEWED_NOTE = "accuracy says little, so that macro-F1 decides"
"""How the note on a user's file of mostly one label ends."""
MULTI_LABEL_NOTE = "a text may have several labels, or none: "
"""How the note on a user's file of such texts begins."""
ORDER_NOTE = "labels are steps of one scale: "
"""How the note on a user's file of ordered labels begins."""


def dataset_names() -> list[str]:
    """The names in the manifest, sorted; no file is read."""
    return sorted(path.stem for path in SETS.glob("*.yaml"))


def is_ordinal(name: str, notes: Iterable[str] = ()) -> bool:
    """Whether the labels of a data set are steps of one scale; for a file of the user's where its `notes` say so."""
    if name in dataset_names():
        return entry(name).ordinal
    return any(note.startswith(ORDER_NOTE) for note in notes)


def is_multi_label(notes: Iterable[str]) -> bool:
    """Whether a text may have several labels, as the notes on a user's file say; no set of the manifest has such."""
    return any(note.startswith(MULTI_LABEL_NOTE) for note in notes)


def metric_of(name: str, notes: Iterable[str] = ()) -> Metric:
    """The metric of a data set; for a file of the user's macro-F1 where its `notes` say so, else accuracy."""
    if name in dataset_names():
        return entry(name).metric
    return "macro_f1" if any(note.endswith(SKEWED_NOTE) for note in notes) else "accuracy"


def label_source(name: str) -> LabelSource:
    """Who made the labels of a data set; unknown for a file of the user's."""
    return entry(name).label_source if name in dataset_names() else UNKNOWN


@lru_cache
def entry(name: str) -> Entry:
    """The manifest entry of that name; an unknown one is an error with the nearest right name."""
    if name not in dataset_names():
        raise DataError(
            f"unknown data set '{name}': {did_you_mean(name, dataset_names())} "
            "(or give the path of a file of yours, as ./mine.csv)"
        )
    path = SETS / f"{name}.yaml"
    try:
        found = Entry.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise DataError(f"manifest {path.name}: {' '.join(str(error).split())}") from None
    if found.name != name:
        raise DataError(f"manifest {path.name}: it is named '{found.name}'; file name and name must agree")
    return found
