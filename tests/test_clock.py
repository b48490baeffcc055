"""Times of runs: of two in one second the later is known, also beside times of whole seconds."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from bench.clock import Time, order_in_time, utc_now


def test_each_time_is_later_than_the_one_before() -> None:
    times = [utc_now() for _ in range(1000)]
    assert times == sorted(times) and len(set(times)) > 100
    assert all(TypeAdapter(Time).validate_python(time) == time and order_in_time(time) == time for time in times)


def test_a_whole_second_comes_before_its_parts() -> None:
    started = ["2026-01-31T12:00:00.000001+00:00", "2026-01-31T12:00:01+00:00", "2026-01-31T12:00:00+00:00"]
    assert sorted(started, key=order_in_time) == [started[2], started[0], started[1]]


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.5+00:00", "now"]
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Time).validate_python(text)


def test_a_time_in_the_future_is_before_all() -> None:
    assert order_in_time("2999-01-31T12:00:00+00:00") == ""
