"""From a stored result to its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from bench.board.row import Footprint, LabelScore, Performance, Row, Score, Scores, Speed, TrainingCurve, Truncated
from bench.data.manifest import is_ordinal
from bench.measure.multi_label import MultiLabelScores
from bench.measure.ordinal import OrdinalScores, ordinal_scores
from bench.schema import Data, Interval, Latency, Result, TrainingLog

MEGABYTE = 1e6
CURVES = ("loss", "validation_loss", "validation_accuracy")


def read_row(result: Result) -> Row:
    """What one result holds by itself: on the board of its data set, without an ensemble's runs, not superseded."""
    identity, outcome, training = result.identity, result.outcome, result.training
    data, quality, device = _data(result), result.quality, result.device
    sets = quality.multi_label if quality else None
    return Row(
        run_id=result.run_id,
        parent_run_id=identity.parent_run_id,
        teacher_run_id=identity.teacher_run_id,
        track=identity.track,
        recipe=identity.recipe,
        variant=identity.variant,
        params=identity.params,
        framework=identity.framework,
        seed=identity.seed,
        suite=identity.suite,
        artifact=identity.artifact,
        parent_artifacts=tuple(identity.key_parts.get("parent", "").split()),
        git_commit=identity.git_commit,
        dirty=identity.dirty,
        data=data,
        status=outcome.status,
        status_reason=outcome.reason,
        phase=outcome.phase,
        started_at=outcome.started_at,
        train_seconds=outcome.train_seconds,
        train_examples_per_s=training.examples_per_second if training else None,
        warnings=tuple(training.warnings) if training else (),
        machine=result.environment.machine,
        device=device.actual,
        dtype=device.dtype,
        runtime=device.runtime or identity.framework,
        inference_dtype=device.inference_dtype,
        scores=_scores(result),
        footprint=_footprint(result),
        performance=_performance(result),
        label_scores=tuple(LabelScore(c.label, c.f1, c.support) for c in quality.per_class) if quality else (),
        confusion=tuple(map(tuple, quality.confusion)) if quality else (),
        curve=_curve(training) if training else None,
        board=data.dataset if data.limit is None else f"{data.dataset}, {data.limit} rows a split",
        ordinal=ordinal_scores(quality.confusion)
        if quality and quality.confusion and is_ordinal(data.dataset, data.notes)
        else OrdinalScores(),
        multi_label=MultiLabelScores(sets.micro_f1.value, sets.hamming_loss.value) if sets else MultiLabelScores(),
        thresholds=tuple(sets.thresholds) if sets else (),
        truncated=Truncated(*astuple(result.truncation)) if result.truncation else Truncated(),
    )


def _data(result: Result) -> Data:
    """As it is stored, with the number of texts that were scored."""
    if result.quality is None or result.quality.n == result.data.n_test:
        return result.data
    return result.data.model_copy(update={"n_test": result.quality.n})


def _scores(result: Result) -> Scores:
    validation_accuracy = result.validation.accuracy if result.validation else None
    if (quality := result.quality) is None:
        return Scores(validation_accuracy=validation_accuracy)

    def score(interval: Interval) -> Score:
        return Score(interval.value, interval.low, interval.high)

    return Scores(
        accuracy=score(quality.accuracy),
        macro_f1=score(quality.macro_f1),
        macro_recall=score(quality.macro_recall),
        log_loss=score(quality.log_loss),
        brier=score(quality.brier),
        ece=score(quality.ece),
        validation_accuracy=validation_accuracy,
    )


def _footprint(result: Result) -> Footprint:
    size, memory = result.size, result.memory
    return Footprint(
        parameters=size.parameters if size else None,
        nonzero_parameters=size.nonzero_parameters if size else None,
        bytes_on_disk=size.bytes_on_disk if size else None,
        bytes_gzipped=size.bytes_gzipped if size else None,
        peak_rss_mb=_megabytes(memory.inference_peak_bytes) if memory else None,
        training_peak_rss_mb=_megabytes(memory.training_peak_bytes) if memory else None,
    )


def _megabytes(count: int | None) -> float | None:
    return None if count is None else round(count / MEGABYTE, 3)


def _performance(result: Result) -> Performance:
    if (measurement := result.measurement) is None:
        return Performance()
    latencies = [latency for latency in measurement.latency if latency.bucket == "all"]
    threads = max((latency.threads for latency in latencies), default=None)
    cold, energy = measurement.cold_start, measurement.energy
    estimated = energy.source == "estimate"
    return Performance(
        threads=threads,
        all_threads=_speed([latency for latency in latencies if latency.threads == threads]),
        one_thread=_speed([latency for latency in latencies if latency.threads == 1]),
        import_ms=cold.import_ms,
        load_ms=cold.load_ms,
        first_call_ms=cold.first_call_ms,
        energy_source=energy.source,
        energy_measured_j_per_1000=None if estimated else energy.joules_per_1000_texts,
        energy_estimated_j_per_1000=energy.joules_per_1000_texts if estimated else None,
        timed_on=measurement.machine or result.environment.machine,
        protocol=measurement.protocol,
        session=measurement.session.id if measurement.session else None,
        other_load=max((r.other_load for r in measurement.timed if r.other_load is not None), default=None),
    )


def _speed(latencies: Sequence[Latency]) -> Speed:
    single = next((row for row in latencies if row.scenario == "single_stream" and row.batch_size == 1), None)
    offline = next((row for row in latencies if row.scenario == "offline" and row.batch_size == 32), None)
    return Speed(
        p50_ms_b1=single.p50_ms if single else None,
        p95_ms_b1=single.p95_ms if single else None,
        texts_per_s_b32=offline.texts_per_s if offline else None,
        p50_low_ms_b1=single.p50_low_ms if single else None,
        p50_high_ms_b1=single.p50_high_ms if single else None,
        rounds_p50_ms=tuple(single.rounds_p50_ms) if single else (),
        rounds_texts_per_s=tuple(offline.rounds_texts_per_s) if offline else (),
        p99_ms_b1=single.p99_ms if single else None,
        steady=_all_steady([row.steady for row in (single, offline) if row]),
    )


def _all_steady(scenarios: Sequence[bool | None]) -> bool | None:
    if False in scenarios:
        return False
    return True if scenarios and None not in scenarios else None


def _curve(training: TrainingLog) -> TrainingCurve | None:
    """None where there are no epochs, or only one: a single point is no curve."""
    history = training.history
    if len(history) < 2:
        return None
    epochs = tuple(entry.get("epoch", float(i)) for i, entry in enumerate(history, start=1))
    values = {name: tuple([entry.get(name) for entry in history]) for name in CURVES}
    reported = {name: some for name, some in values.items() if some.count(None) < len(some)}
    return TrainingCurve(training.best_epoch, epochs, reported)
