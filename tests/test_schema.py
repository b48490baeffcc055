"""Results of every older version are read as today's."""

from __future__ import annotations

import json

import pytest

from bench.errors import BenchError
from bench.registry import load_recipe
from bench.renames import LATER
from bench.schema import SCHEMA_VERSION, parse
from tests.conftest import ROOT

OLD = (ROOT / "tests" / "schema" / "version-1.json").read_text()
"""A published student, whose history held the sizes of both."""
SECOND = ROOT / "tests" / "schema" / "version-2.json"
"""Whose `steady` was of the warm-up."""


def test_sizes_and_shares_of_the_first_version_leave_the_history() -> None:
    document = json.loads(OLD)
    teacher = document["training"]["history"][-1]["teacher_bytes"]
    for entry in document["training"]["history"]:
        entry["trainable_share"] = 0.01
    result = parse(json.dumps(document).encode())
    assert result.schema_version == SCHEMA_VERSION and result.training is not None and result.size is not None
    assert result.training.teacher_bytes == teacher and result.training.trainable_share == 0.01
    assert {"epoch", "loss"} <= set(result.training.history[-1])
    assert not {"teacher_bytes", "student_bytes", "trainable_share"} & set().union(*result.training.history)


def test_a_result_without_a_training_is_read() -> None:
    assert parse(json.dumps(json.loads(OLD) | {"training": None}).encode()).training is None


def test_what_only_says_that_it_is_a_result_is_one_line() -> None:
    with pytest.raises(BenchError, match="marked as schema version 1, but no result of it"):
        parse(b'{"schema_version": 1, "training": 7}')


def test_parameters_of_the_first_version_have_their_names_of_today() -> None:
    document = json.loads(OLD)
    student = "tweets-tinybert4[piece_dropout=0.1]"
    document["identity"] |= {"params": {"student": student, "piece_dropout": 0.1}, "variant": f"student={student}"}
    identity = parse(json.dumps(document).encode()).identity
    assert identity.params == {"student": "tweets-tinybert4[token_masking=0.1]", "token_masking": 0.1}
    assert identity.variant == "student=tweets-tinybert4[token_masking=0.1]"


def test_steadiness_of_the_second_version_was_of_the_warm_up_and_its_session_is_unknown() -> None:
    measurement = parse(SECOND.read_bytes()).measurement
    assert measurement is not None and measurement.protocol == "rounds-1"
    of_all = [row for row in measurement.latency if row.bucket == "all"]
    assert [(row.warm, row.steady) for row in of_all] == [(True, None)] * 4
    assert (measurement.session, measurement.timed, measurement.reference) == (None, [], [])


def test_the_third_version_did_not_list_the_files_of_an_artifact() -> None:
    document = parse(SECOND.read_bytes()).model_dump(mode="json") | {"schema_version": 3}
    del document["size"]["files"]
    size = parse(json.dumps(document).encode()).size
    assert size is not None and size.files is None


@pytest.mark.parametrize("former", ["processes", "workers"])
def test_devices_of_the_fifth_version_have_their_name_of_today(former: str) -> None:
    """A value that is called so stays as it is."""
    today = parse(OLD.encode()).model_dump(mode="json")
    student = f"finetune[backbone=/data/workers/processes,{former}=2]"
    today["identity"] |= {"params": {former: 2, "student": student, "file": former}, "variant": f"{former}=2"}
    identity = parse(json.dumps(today | {"schema_version": 5}).encode()).identity
    renamed = "finetune[backbone=/data/workers/processes,devices=2]"
    assert identity.params == {"devices": 2, "student": renamed, "file": former}
    assert identity.variant == "devices=2"


def test_a_model_of_before_some_parameters_is_one_with_that_of_today() -> None:
    defaults = dict(load_recipe("finetune").defaults)
    today = parse(OLD.encode()).model_dump(mode="json")
    later = {"token_masking", "long_texts", "chunk_overlap", "max_chunks", "nodes", "devices"}
    then = {name: value for name, value in defaults.items() if name not in later} | {"processes": 1}
    today["identity"] |= {"recipe": "finetune", "params": then}
    assert parse(json.dumps(today | {"schema_version": 5}).encode()).identity.params == defaults


@pytest.mark.parametrize("recipe", LATER)
def test_what_came_later_is_a_parameter_today(recipe: str) -> None:
    assert LATER[recipe].keys() <= load_recipe(recipe).defaults.keys()
