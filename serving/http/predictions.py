"""What the model says of one text, as the interface documents it."""

from __future__ import annotations

from pydantic import BaseModel


class Prediction(BaseModel):
    """What the model says of one text."""

    label: str
    probability: float
    probabilities: dict[str, float]
