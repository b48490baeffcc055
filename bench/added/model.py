"""A model that was trained elsewhere as the spec of a run: its mapping is checked before anything runs."""

from __future__ import annotations

import importlib
from pathlib import Path

from bench.added.predictions import check_name
from bench.contract import Params
from bench.data import DatasetRef
from bench.params import with_defaults
from bench.registry import load_recipe
from bench.run.datasets import prepared_dataset
from bench.spec import RunSpec
from bench.store import Store

RECIPE = "hf"
READER = "transformers_pt.trained"
"""The module that reads what a folder says of itself, without a framework."""


def model_spec(name: str, model: str, labels: str, ref: DatasetRef, store: Store, measured: bool) -> RunSpec:
    """The run that takes the classifier `model`, a folder or a name of the hub, as it is.

    Raises `BenchError` for a folder that is no such model, and where its labels are not the data set's.
    """
    check_name(name)
    recipe = load_recipe(RECIPE)
    params: Params = with_defaults(recipe, {"model": model, "labels": labels.replace(",", ";"), "title": name})
    recipe.resolve(params)
    if Path(model).is_dir():
        reader = importlib.import_module(READER)
        with store.lock():
            names = prepared_dataset(ref, store).label_names
        reader.order_of(reader.folder_labels(Path(model)), names, labels)
    return RunSpec(RECIPE, params, ref, seed=0, measured=measured)
