"""The prediction of one text, as the interface documents it."""

from __future__ import annotations

from typing import NotRequired  # pydantic takes typing's from Python 3.12 on

from typing_extensions import TypedDict


class Prediction(TypedDict):
    """The prediction of one text."""

    label: str
    probability: float
    probabilities: dict[str, float]
    labels: NotRequired[list[str]]
    """All that the text has, of a model of several labels a text; `label` is the most probable one."""
    answered: NotRequired[bool]
    """Whether the model is sure enough, where the server was given a least confidence."""
    set: NotRequired[list[str]]
    """The labels that may be true, where the server was asked for sets."""
