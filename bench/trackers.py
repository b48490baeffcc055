"""Experiment trackers, chosen by `--track`: each result is logged after it is stored; nothing is sent by default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Protocol

from bench.errors import BenchError
from bench.requirements import install_command
from bench.schema import Result

TrackerName = Literal["wandb", "mlflow"]


class Tracker(Protocol):
    """Logs every stored result."""

    def log(self, result: Result) -> None:
        """One run with its parameters, history and scores."""


def tracker(name: TrackerName, store: Path) -> Tracker:
    """The tracker of that name; its offline files go to `<store>/tracking`."""
    folder = (store / "tracking").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return WandbTracker(folder) if name == "wandb" else MlflowTracker(folder)
    except ModuleNotFoundError as error:
        raise BenchError(f"--track {name} needs '{error.name}': {install_command(name)}") from None


def scores(result: Result) -> dict[str, float]:
    """The numbers of a result by the names of the results table."""
    numbers: dict[str, float] = {}
    if result.quality is not None:
        names = ("accuracy", "macro_f1", "macro_recall", "log_loss", "brier", "ece")
        numbers |= {f"test_{name}": getattr(result.quality, name).value for name in names}
    if result.validation is not None:
        numbers |= {f"validation_{k}": v for k, v in result.validation.model_dump().items() if k != "n"}
    if result.size is not None:
        numbers |= {"parameters": result.size.parameters, "bytes_on_disk": result.size.bytes_on_disk}
    if result.measurement is not None:
        for row in result.measurement.latency:
            if row.bucket == "all":
                numbers[f"{row.scenario}_t{row.threads}_p50_ms"] = row.p50_ms
    return numbers


def _config(result: Result) -> dict[str, object]:
    identity = result.identity
    return {
        "recipe": identity.recipe, "dataset": result.data.dataset, "seed": identity.seed,
        "status": result.outcome.status, **identity.params,
    }  # fmt: skip


class WandbTracker:
    """Weights & Biases; offline unless `WANDB_MODE` is set (`wandb sync` sends the folder later)."""

    def __init__(self, folder: Path) -> None:
        import wandb

        os.environ.setdefault("WANDB_MODE", "offline")
        self._wandb, self._folder = wandb, folder

    def log(self, result: Result) -> None:
        """One W&B run a result, named by its run id."""
        run = self._wandb.init(
            project="sentibench", name=result.run_id, dir=str(self._folder), config=_config(result),
            group=result.data.dataset, reinit="finish_previous", settings=self._wandb.Settings(silent=True),
        )  # fmt: skip
        for epoch in result.training.history if result.training else []:
            run.log(epoch)
        run.summary.update(scores(result))
        run.finish(exit_code=0 if result.outcome.status == "ok" else 1)


class MlflowTracker:
    """MLflow, into a SQLite file below the store unless `MLFLOW_TRACKING_URI` names a server."""

    def __init__(self, folder: Path) -> None:
        import mlflow

        mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder / 'mlflow.db'}")
        if mlflow.get_experiment_by_name("sentibench") is None:
            mlflow.create_experiment("sentibench", artifact_location=(folder / "mlartifacts").as_uri())
        mlflow.set_experiment("sentibench")
        self._mlflow = mlflow

    def log(self, result: Result) -> None:
        """One MLflow run a result, named by its run id."""
        with self._mlflow.start_run(run_name=result.run_id):
            self._mlflow.log_params(_config(result))
            for step, epoch in enumerate(result.training.history if result.training else [], start=1):
                self._mlflow.log_metrics(epoch, step=step)
            self._mlflow.log_metrics(scores(result))
            self._mlflow.set_tag("status", result.outcome.status)
