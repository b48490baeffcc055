"""Evaluates stored artifacts in workers of their own, and stores what they did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.contract import Probabilities, RunContext
from bench.data import DatasetRef, Prepared
from bench.errors import BenchError, DataError, warn_skipped
from bench.robustness.evaluation import ROBUSTNESS, Robustness, behaviours, domain, perturbed
from bench.robustness.polarity import PolarityMap
from bench.run.datasets import dataset_of, prepared_dataset
from bench.run.teach import teacher_probabilities
from bench.schema import Result
from bench.store import Store

DOMAINS = ("hutto-tweets", "hutto-products", "hutto-films", "hutto-newspaper")


def evaluate(store: Store, result: Result, texts: int, other_domains: Sequence[Prepared]) -> Robustness:
    """The behaviour of a run's artifact; `texts` of its own test texts are changed. A `BenchError` without artifact."""
    artifact = store.artifact(str(result.identity.artifact))
    if result.identity.artifact is None or not artifact.is_dir():
        raise BenchError(f"the artifact of run {result.run_id} is not in {store.place}: train that run again")
    polarity = PolarityMap.of(result.data.dataset, result.data.label_names)

    def predict(some: Sequence[str]) -> Probabilities:
        return teacher_probabilities(artifact, some, RunContext(cache=store.cache))

    own = _own_data(store, result)
    tested = [domain(predict, polarity, d.test(), PolarityMap.of(d.name, d.label_names), d.name) for d in other_domains]
    found = Robustness(
        run_id=result.run_id,
        dataset=result.data.dataset,
        artifact=str(result.identity.artifact),
        behaviour=behaviours(predict, polarity),
        perturbed=perturbed(predict, own.test(), texts) if own else [],
        domains=[each for each in tested if each is not None],
    )
    ROBUSTNESS.put(store.root, found)
    return found


def domains(store: Store, data_dir: Path | None = None) -> list[Prepared]:
    """The rated domains that are found here."""
    found = []
    for name in DOMAINS:
        try:
            found.append(prepared_dataset(DatasetRef(name, data_dir=data_dir), store))
        except DataError as error:
            warn_skipped("domain", error)
    return found


def _own_data(store: Store, result: Result) -> Prepared | None:
    """The data set of a run, with the very test rows that it was scored on; None where it is not at hand."""
    try:
        prepared = prepared_dataset(dataset_of(result.data, store), store, result.data.limit)
    except DataError as error:
        warn_skipped("data set", error)
        return None
    return prepared if prepared.test_hash == result.data.split_hash else None
