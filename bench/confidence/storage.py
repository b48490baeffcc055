"""What was fitted for an artifact, and what it does on test; `confidence/<artifact>.json` of a store."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from bench.confidence.calibration import Calibration
from bench.confidence.conformal import Conformal, Sets
from bench.confidence.selective import Selective, Threshold
from bench.evaluations import Evaluation, Evaluations
from bench.schema import Interval


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Fitted(_Closed):
    """Fitted on validation; all that serving needs."""

    label_names: list[str]
    calibration: Calibration
    thresholds: list[Threshold]
    conformal: list[Conformal]
    weights: list[float] = Field(description="Of each label, before the most probable one is chosen.")
    metric: str = Field(description="What the weights are best for.")


class Scores(_Closed):
    """On test, with 95 % bootstrap intervals over texts."""

    log_loss: Interval
    brier: Interval
    ece: Interval


class Tested(_Closed):
    """What it does on test."""

    before: Scores
    after: Scores
    selective: list[Selective]
    sets: list[Sets]
    metric_before: float
    metric_after: float = Field(description="With the weights.")


class Confidence(Evaluation):
    """Of one artifact."""

    artifact: str
    fitted: Fitted
    tested: Tested


CONFIDENCE = Evaluations(
    "confidence", Confidence, "python -m bench confidence RUN", name=lambda confidence: confidence.artifact
)
