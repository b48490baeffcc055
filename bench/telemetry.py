"""Usage reports that libraries send to their makers: off, unless the user has set one of these variables otherwise."""

from __future__ import annotations

import os

OFF = {
    "DO_NOT_TRACK": "true",  # read by several: MLflow, Hugging Face
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "WANDB_ERROR_REPORTING": "false",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime
    "RAY_USAGE_STATS_ENABLED": "0",
    # OpenVINO and NNCF have no such variable, but keep quiet on a build server. Of the variables that they know one by,
    # this, Azure's, has the fewest other readers.
    "TF_BUILD": "sentibench",
}


def telemetry_settings() -> dict[str, str]:
    """These variables, as the user has set them, else off. Libraries read them when they are imported."""
    return {name: os.environ.get(name, value) for name, value in OFF.items()}


def disable_telemetry() -> None:
    """Off for this process and those that it starts; what each command does first."""
    os.environ.update(telemetry_settings())
