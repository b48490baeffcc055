"""A model that was trained elsewhere as the spec of a run: its mapping is checked before anything runs."""

from __future__ import annotations

import importlib
from pathlib import Path

from bench.added.predictions import check_name
from bench.contract import Params
from bench.data import DatasetRef
from bench.data.manifest import is_multi_label
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

    Raises `BenchError` for a folder that is no such model, where its labels are not the data set's, and
    where only one of both has several labels a text.
    """
    check_name(name)
    recipe = load_recipe(RECIPE)
    params: Params = with_defaults(recipe, {"model": model, "labels": labels.replace(",", ";"), "title": name})
    recipe.resolve(params)
    if Path(model).is_dir():
        reader = importlib.import_module(READER)
        with store.lock():
            prepared = prepared_dataset(ref, store)
        reader.order_of(reader.folder_labels(Path(model)), prepared.label_names, labels)
        reader.check_problem(reader.folder_config(Path(model)), is_multi_label(prepared.meta.notes), model)
    return RunSpec(RECIPE, params, ref, seed=0, measured=measured)
