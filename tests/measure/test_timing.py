"""A round on predictors whose times are known, and what is made of its samples."""

from __future__ import annotations

import dataclasses
import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import Predictor
from bench.errors import BenchError
from bench.measure.measurement import measurement_from_samples, summarize
from bench.measure.samples import RoundSamples, ScenarioSamples
from bench.measure.schedule import POOLED, PUBLISHED, Schedule, thread_counts
from bench.measure.timing import RoundSettings, run_round

TEXTS = ["x" * n for n in range(1, 61)]
PROTOCOL = PUBLISHED.protocol
SHORT = Schedule(PROTOCOL, 3, min_samples=10, min_seconds=0.02, max_seconds=1.0, warmup_seconds=0.5)
QUICK = RoundSettings(number=0, threads=1, n_labels=2, schedule=SHORT)


class Known(Predictor):
    """Answers after `delay(call, texts)` seconds and remembers what it was asked."""

    parameters = nonzero_parameters = 2
    runtime = "python"

    def __init__(self, delay: Callable[[int, Sequence[str]], float] = lambda call, texts: 0.001) -> None:
        self.delay = delay
        self.asked: list[list[str]] = []
        self.collecting: list[bool] = []

    def predict_proba(self, texts: Sequence[str]) -> Any:
        end = time.perf_counter() + self.delay(len(self.asked), texts)
        self.asked.append(list(texts))
        self.collecting.append(gc.isenabled())
        while time.perf_counter() < end:
            pass
        return np.full((len(texts), 2), 0.5, np.float32)


def round_of(predictor: Predictor, texts: Sequence[str] = TEXTS, number: int = 0, **changes: Any) -> RoundSamples:
    settings = dataclasses.replace(QUICK, number=number, schedule=dataclasses.replace(SHORT, **changes))
    return run_round(lambda: predictor, texts, settings)


def test_defaults_reach_the_published_protocol() -> None:
    assert PUBLISHED.rounds >= 10
    assert PUBLISHED.rounds * PUBLISHED.min_samples >= 200
    assert PUBLISHED.rounds * PUBLISHED.min_seconds >= 5
    assert thread_counts(1) == [1]
    assert thread_counts(8) == [1, 8]


def test_times_are_those_of_the_calls() -> None:
    samples = round_of(Known(lambda call, texts: 0.02 if len(texts) == 1 else 0.06))
    single, offline = samples.scenarios["single_stream"], samples.scenarios["offline"]
    # the least of ten, and wide bounds, as a busy machine wakes a sleeper milliseconds late
    assert 20 <= single.ns.min() / 1e6 < 30
    assert 60 <= offline.ns.min() / 1e6 < 90
    assert (len(single.ns), len(offline.ns)) == (10, 10)
    assert single.ns.dtype == np.int64 and single.chars.dtype == np.int32
    assert samples.protocol == PROTOCOL
    assert samples.peak_rss_bytes > 1 << 20


def test_samples_go_on_until_both_number_and_seconds_are_reached() -> None:
    assert len(round_of(Known(), min_samples=40, min_seconds=0).scenarios["offline"].ns) == 40
    started = time.perf_counter()
    many = round_of(Known(), min_samples=1, min_seconds=0.3).scenarios
    assert time.perf_counter() - started > 0.6
    assert all(5 < len(scenario.ns) < 310 for scenario in many.values())


def test_calls_are_single_texts_and_batches_of_32_of_the_test_texts_in_shuffled_order() -> None:
    predictor = Known()
    round_of(predictor)
    sizes = {len(batch) for batch in predictor.asked}
    assert sizes == {1, 32}
    sampled = [batch[0] for batch in predictor.asked if len(batch) == 1][-10:]
    assert len(set(sampled)) == 10 and sampled != sorted(sampled, key=len)
    offline = [text for batch in predictor.asked if len(batch) == 32 for text in batch]
    assert set(offline) <= set(TEXTS)


def test_same_seed_and_round_ask_for_the_same_texts_and_another_round_for_others() -> None:
    def chars(number: int) -> list[int]:
        return round_of(Known(), number=number).scenarios["single_stream"].chars[:10].tolist()

    assert chars(0) == chars(0)
    assert chars(0) != chars(1)


def test_few_texts_are_asked_again_in_full_batches() -> None:
    predictor = Known()
    samples = round_of(predictor, ["a", "bb", "ccc"])
    assert {len(batch) for batch in predictor.asked} == {1, 32}
    assert len(samples.scenarios["offline"].ns) >= 10


def test_imports_load_and_first_call_are_apart_from_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_framework.py").write_text("import time\ntime.sleep(0.06)\n")
    monkeypatch.syspath_prepend(tmp_path)
    predictor = Known(lambda call, texts: 0.05 if call == 0 else 0.001)

    def load() -> Predictor:
        import slow_framework  # type: ignore[import-not-found]  # noqa: F401

        time.sleep(0.03)
        return predictor

    samples = run_round(load, TEXTS, QUICK)
    assert 60 <= samples.import_ms < 1000
    assert 30 <= samples.load_ms < 1000
    assert 50 <= samples.first_call_ms < 1000
    assert samples.scenarios["single_stream"].ns.min() / 1e6 < 10


def test_warm_up_goes_on_while_calls_get_faster() -> None:
    samples = round_of(Known(lambda call, texts: 0.01 if call < 20 else 0.002), warmup_seconds=20)
    single = samples.scenarios["single_stream"]
    assert single.warm
    assert single.warmup_calls >= 20 + 2 * 8
    assert single.ns.min() / 1e6 < 4


class Clock:
    """A clock that nothing but `Paced` moves, in place of the module `time`: what is measured is exact."""

    def __init__(self) -> None:
        self.now = 0

    def perf_counter_ns(self) -> int:
        return self.now

    def perf_counter(self) -> float:
        return self.now / 1e9


class Paced(Known):
    """A call takes the milliseconds of its turn among those of its batch size, which go round."""

    def __init__(self, clock: Clock, *turns: int) -> None:
        super().__init__()
        self.clock, self.turns, self.calls = clock, turns, {1: -1, 32: 0}  # the first call of all is no turn

    def predict_proba(self, texts: Sequence[str]) -> Any:
        call = self.calls[len(texts)]
        self.clock.now += 1_000_000 * self.turns[call % len(self.turns)]
        self.calls[len(texts)] += 1
        return np.full((len(texts), 2), 0.5, np.float32)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("bench.measure.timing.time", made)
    return made


@pytest.mark.parametrize(("slower", "warm"), [(104, True), (106, False)])
def test_three_passes_within_five_percent_are_warm(clock: Clock, slower: int, warm: bool) -> None:
    turns = [100] * 8 + [slower] * 8  # every second pass of single texts is slower
    single = round_of(Paced(clock, *turns), warmup_seconds=10).scenarios["single_stream"]
    assert single.warm == warm
    assert single.warmup_calls == 3 * 8 if warm else single.warmup_calls > 90


def test_a_predictor_that_never_settles_is_measured_and_says_so() -> None:
    samples = round_of(Known(lambda call, texts: 0.001 * 1.06**call), warmup_seconds=0.2)
    assert not samples.scenarios["single_stream"].warm
    assert len(samples.scenarios["single_stream"].ns) > 0


def test_a_slow_predictor_is_bounded_but_measured() -> None:
    started = time.perf_counter()
    samples = round_of(Known(lambda call, texts: 0.15), min_samples=1000, max_seconds=0.4, warmup_seconds=0.2)
    assert time.perf_counter() - started < 20  # unbounded, 5 minutes
    for scenario in samples.scenarios.values():
        assert 1 <= len(scenario.ns) <= 4
        assert not scenario.warm


def test_garbage_is_not_collected_while_timing_and_is_again_after() -> None:
    predictor = Known()
    round_of(predictor)
    assert not any(predictor.collecting[1:])
    assert gc.isenabled()


def test_very_many_samples_are_thinned_evenly() -> None:
    samples = round_of(Known(lambda call, texts: 0.0), min_samples=12_000, min_seconds=0, max_seconds=20)
    single = samples.scenarios["single_stream"]
    assert single.calls == 12_000
    assert len(single.ns) == len(single.chars) == 1500


class Staged(Known):
    def stages(self) -> dict[str, Callable[[Any], Any]]:
        def tokenize(texts: Sequence[str]) -> int:
            time.sleep(0.001)
            return len(texts)

        def forward(count: int) -> Any:
            time.sleep(0.003)
            return np.full((count, 2), 0.5)

        return {"tokenize": tokenize, "forward": forward}


def test_stages_are_timed_apart_in_order() -> None:
    samples = round_of(Staged())
    single = samples.scenarios["single_stream"]
    assert single.stage_names == ("tokenize", "forward")
    tokenize, forward = single.stages.min(axis=0) / 1e6
    assert 1.0 <= tokenize < 2.0 < 3.0 <= forward < 6.0
    measurement, _, _ = summarize([samples])
    assert list(measurement.latency[0].stages_ms) == ["tokenize", "forward"]


class Wrong(Known):
    def __init__(self, answer: Callable[[int], Any], batch: int = 1) -> None:
        super().__init__()
        self.answer, self.batch = answer, batch

    def predict_proba(self, texts: Sequence[str]) -> Any:
        return self.answer(len(texts)) if len(texts) == self.batch else super().predict_proba(texts)


@pytest.mark.parametrize("batch", [1, 32])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda n: np.full((n, 3), 1 / 3, np.float32), "shape"),
        (lambda n: np.full((2,), 0.5, np.float32), "shape"),
        (lambda n: [[0.5, 0.5]] * n, "list"),
        (lambda n: np.full((n, 2), np.nan, np.float32), "NaN"),
        (lambda n: np.full((n, 2), 3.0, np.float32), "softmax"),
    ],
)
def test_a_wrong_answer_ends_the_round(answer: Callable[[int], Any], said: str, batch: int) -> None:
    with pytest.raises(BenchError, match=f"predict_proba returned .*{said}"):
        round_of(Wrong(answer, batch))
    assert gc.isenabled()


def test_no_text_is_an_error() -> None:
    with pytest.raises(BenchError, match="no test text"):
        round_of(Known(), [])


def test_a_round_travels_through_its_files(tmp_path: Path) -> None:
    samples = round_of(Staged())
    samples.write(tmp_path)
    back = RoundSamples.read(tmp_path)
    for name, scenario in samples.scenarios.items():
        for field, value in vars(scenario).items():
            np.testing.assert_array_equal(getattr(back.scenarios[name], field), value)
    assert dataclasses.replace(back, scenarios={}) == dataclasses.replace(samples, scenarios={})


@pytest.mark.parametrize("file", ["round.json", "round.npz"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "garbage"])
def test_a_damaged_round_is_an_error_that_names_its_folder(tmp_path: Path, file: str, damage: str) -> None:
    round_of(Known()).write(tmp_path)
    content = (tmp_path / file).read_bytes()
    if damage == "missing":
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content[: len(content) // 2] if damage == "truncated" else b"{}")
    with pytest.raises(BenchError, match=f"no readable round in {tmp_path}"):
        RoundSamples.read(tmp_path)


def made_round(number: int, threads: int, ns: Any, joules: float | None = None) -> RoundSamples:
    """A round of given single-stream times, whose offline calls take twice as long."""
    ns = np.asarray(ns, np.int64)
    scenarios = {
        name: ScenarioSamples(
            ns=ns * times, chars=np.arange(len(ns), dtype=np.int32), calls=len(ns), joules=joules,
            warmup_calls=10 + number, warm=number != 1,
        )
        for name, times in (("single_stream", 1), ("offline", 2))
    }  # fmt: skip
    return RoundSamples(
        protocol=PROTOCOL, number=number, threads=threads, started_at=f"2026-01-01T00:00:0{number}+00:00",
        other_load=0.05 * number, import_ms=100.0 + number, load_ms=10.0, first_call_ms=1.0,
        tercile_chars=(99.5, 199.5), peak_rss_bytes=1000 + number + threads, scenarios=scenarios,
    )  # fmt: skip


def test_figures_are_those_of_the_raw_samples() -> None:
    random = np.random.default_rng(0)
    drawn = {(n, t): random.lognormal(14, 0.3, 300).astype(np.int64) for n in range(3) for t in (1, 4)}
    # rounds come in the order in which they were run, threads interleaved
    rounds = [made_round(n, t, ns) for (n, t), ns in reversed(drawn.items())]
    measurement, samples, peak = summarize(rounds, interleaved_with=5)
    assert (measurement.rounds, measurement.interleaved_with, measurement.protocol) == (3, 5, PROTOCOL)
    assert measurement.cold_start.import_ms == 101.0
    assert peak == 1000 + 2 + 4
    named = [(row.threads, row.scenario, row.batch_size, row.bucket) for row in measurement.latency]
    single = [("single_stream", 1, bucket) for bucket in ("all", "short", "medium", "long")]
    assert named == [(t, *rest) for t in (1, 4) for rest in [*single, ("offline", 32, "all")]]
    for threads, row, offline in ((1, *measurement.latency[0:5:4]), (4, *measurement.latency[5:10:4])):
        ns = np.concatenate([drawn[n, threads] for n in range(3)])
        np.testing.assert_array_equal(samples[f"single_stream_t{threads}_ns"], ns)
        assert row.n == 900 and row.p99_ms is None
        assert [row.p90_ms, row.p95_ms] == pytest.approx(np.percentile(ns, [90, 95]) / 1e6)
        medians = [float(np.median(drawn[n, threads])) / 1e6 for n in range(3)]
        rates = [300 / (drawn[n, threads].sum() / 1e9) for n in range(3)]
        assert row.rounds_p50_ms == pytest.approx(medians) and row.p50_ms == pytest.approx(np.median(medians))
        assert row.texts_per_s == pytest.approx(np.median(rates))
        assert offline.texts_per_s == pytest.approx(np.median(rates) * 32 / 2)
        assert (row.p50_low_ms, row.steady) == (None, None), "three rounds have no interval"
        assert (row.warmup_calls, row.warm) == (12, False)
        pooled = measurement_from_samples(samples, POOLED).latency[measurement.latency.index(row)]
        assert pooled.p50_ms == pytest.approx(np.median(ns) / 1e6) and not pooled.rounds_p50_ms
        assert pooled.texts_per_s == pytest.approx(900 / (ns.sum() / 1e9))
    assert samples["single_stream_t4_round"].tolist() == [0] * 300 + [1] * 300 + [2] * 300
    assert [row.n for row in measurement.latency[1:4]] == [300, 300, 300]


def test_ninety_ninth_percentile_needs_a_thousand_samples() -> None:
    for n, given in ((999, False), (1000, True)):
        row = summarize([made_round(0, 1, np.arange(1, n + 1))])[0].latency[0]
        assert (row.p99_ms is not None) == given


def test_energy_is_of_single_texts_with_all_threads_and_never_made_up() -> None:
    with_counter = [made_round(n, t, [1_000] * 50, joules=0.5 * t) for n in range(3) for t in (1, 2)]
    energy = summarize(with_counter)[0].energy
    assert (energy.joules_per_1000_texts, energy.source) == (pytest.approx(20.0), "rapl")
    without = [made_round(0, 1, [1_000] * 50, joules=0.5), made_round(1, 1, [1_000] * 50)]
    energy = summarize(without)[0].energy
    assert (energy.joules_per_1000_texts, energy.source) == (None, "none")


def test_a_length_bucket_without_calls_has_no_row() -> None:
    rows = summarize([made_round(0, 1, [1_000] * 50)])[0].latency  # all of 0 to 49 characters
    assert [row.bucket for row in rows if row.scenario == "single_stream"] == ["all", "short"]


def test_rounds_of_another_protocol_are_not_joined() -> None:
    with pytest.raises(BenchError, match="of protocols old and rounds-2 cannot be joined"):
        summarize([made_round(0, 1, [1]), dataclasses.replace(made_round(1, 1, [1]), protocol="old")])
    with pytest.raises(BenchError, match="no round"):
        summarize([])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cold_start_ms": None}, "lack the array 'cold_start_ms'"),
        ({"cold_start_ms": np.ones((3, 2))}, r"'cold_start_ms' with shape \(3, 2\)"),
        ({"single_stream_t1_chars": np.ones(7)}, "7 entries of 'single_stream_t1_chars' where 50 calls"),
        ({"single_stream_t1_warmup": np.ones(3)}, "'single_stream_t1_warmup' with shape"),
        ({"offline_t1_ns": np.ones((0,))}, "'offline_t1_ns' with shape"),
        ({"single_stream_t1_ns": None, "offline_t1_ns": None}, "no scenario among the samples"),
    ],
)
def test_samples_that_cannot_be_summarized_are_refused(change: dict[str, Any], said: str) -> None:
    samples = summarize([made_round(0, 1, [1_000] * 50)])[1]
    changed = {name: array for name, array in (samples | change).items() if array is not None}
    with pytest.raises(BenchError, match=said):
        measurement_from_samples(changed, PROTOCOL)


def test_an_unknown_protocol_is_one_line() -> None:
    samples = summarize([made_round(0, 1, [1_000] * 50)])[1]
    with pytest.raises(BenchError, match="protocol 'rounds-9' is none of rounds-1, rounds-2"):
        measurement_from_samples(samples, "rounds-9")


def test_ten_rounds_have_an_interval_and_may_be_unsteady() -> None:
    random = np.random.default_rng(0)
    factors = {n: 1.0 if n < 5 else 1.5 for n in range(10)}  # slower from the middle on
    rounds = [made_round(n, 1, 1e6 * factors[n] * random.normal(1, 0.01, 30)) for n in range(10)]
    measurement, samples, _ = summarize(rounds, reference=[made_round(n, 1, [2_000_000] * 9) for n in range(10)])
    row = measurement.latency[0]
    assert row.p50_low_ms == sorted(row.rounds_p50_ms)[1] and row.p50_high_ms == sorted(row.rounds_p50_ms)[8]
    assert row.texts_per_s_low is not None and row.texts_per_s_low < row.texts_per_s
    assert row.steady is False
    (reference,) = measurement.reference
    assert (reference.threads, reference.p50_ms, reference.p50_low_ms) == (1, 2.0, 2.0)
    assert samples["reference_t1_ms"].tolist() == [2.0] * 10
    assert [(t.number, t.other_load) for t in measurement.timed][:2] == [(0, 0.0), (1, 0.05)]


def test_equal_rounds_with_zero_variance_are_steady_with_an_interval_of_no_width() -> None:
    row = summarize([made_round(n, 1, [1_000_000] * 30) for n in range(10)])[0].latency[0]
    assert (row.p50_low_ms, row.p50_ms, row.p50_high_ms, row.steady) == (1.0, 1.0, 1.0, True)
