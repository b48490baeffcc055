"""The prediction of one text, as the interface documents it."""

from __future__ import annotations

from typing_extensions import TypedDict  # pydantic takes typing's from Python 3.12 on


class Prediction(TypedDict):
    """The prediction of one text."""

    label: str
    probability: float
    probabilities: dict[str, float]
