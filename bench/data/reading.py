"""How the user's own file is read: what was chosen is part of what the data set is."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

NO_COLUMN = "none"
"""In place of a split column: there is none, whatever the columns are called."""


class Reading(BaseModel):
    """What was chosen for a user's file; the defaults are found in the file itself where they can be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text_column: str = "text"
    """Several with commas between them, `title,body`, are joined by a blank."""
    label_column: str = "label"
    split_column: str = "split"
    """Used where the file has it; `none` for none."""
    header: bool = True
    """False: the columns are called 1, 2, …"""
    separator: str | None = None
    """None: found."""
    quoted: bool = True
    """False: a quotation mark is a character."""
    encoding: str | None = None
    """None: found."""
    test_file: Path | None = None
    validation_file: Path | None = None
    drop_missing: bool = False
    """Leave out rows without a text, label or split."""
    min_count: int = Field(0, ge=0)
    """Leave out labels with fewer distinct texts, in train where there are splits."""
    merge_labels: bool = False
    """Make one of labels that differ by case, blanks or a `.0` alone."""
    label_separator: str | None = None
    """What parts the labels of a text, as in `anger|sadness`: it may have any number of them, and none."""
    order: str | None = None
    """All labels from the lowest to the highest, `negative,neutral,positive`: they are steps of one scale."""

    @property
    def portable(self) -> Reading:
        """Without the paths, which mean nothing on another machine."""
        return self.model_copy(update={"test_file": None, "validation_file": None})


AS_FOUND = Reading()
"""Nothing was chosen."""
