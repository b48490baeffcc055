"""The measuring sessions behind a report, and how far the reference workload says that they are apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.measure.load import BUSY
from bench.schema import Measurement, Session
from bench.stats.rounds import Estimate, median_interval


@dataclass
class SessionRecord:
    """One session, gathered from the measurements of its runs."""

    session: Session
    machine: str
    runs: int = 0
    rounds: int = 0
    busy: int = 0
    """Rounds that were taken beside other load."""
    reference: set[tuple[float, ...]] = field(default_factory=set)
    """Milliseconds of its rounds with all cores, once for each data set: its contestants share them."""

    def add(self, measurement: Measurement) -> None:
        """Another run of the session."""
        self.runs += 1
        self.rounds += len(measurement.timed)
        self.busy += sum((taken.other_load or 0.0) >= BUSY for taken in measurement.timed)
        if measurement.reference:
            self.reference.add(tuple(max(measurement.reference, key=lambda r: r.threads).rounds_p50_ms))

    @property
    def reference_ms(self) -> Estimate | None:
        """Median over all its rounds with the interval; None where no reference was timed."""
        medians = [ms for rounds in sorted(self.reference) for ms in rounds]
        return median_interval(medians) if medians else None

    def against(self, other: SessionRecord) -> Estimate | None:
        """How many times as long its reference took as the other's; None on another machine, or without references.

        Rounds of two sessions are no pairs: the interval goes from the least to the most that both intervals allow.
        """
        a, b = self.reference_ms, other.reference_ms
        if a is None or b is None or self.machine != other.machine:
            return None
        if a.low is None or a.high is None or b.low is None or b.high is None:
            return Estimate(a.value / b.value)
        return Estimate(a.value / b.value, a.low / b.high, a.high / b.low)


@dataclass
class Sessions:
    """All sessions by their ids."""

    records: dict[str, SessionRecord] = field(default_factory=dict)
    unknown: int = 0
    """Runs that were timed before sessions were recorded."""

    def add(self, measurement: Measurement, machine: str) -> None:
        """One run's measurement; `machine` is where it was trained, for measurements that name none."""
        if (session := measurement.session) is None:
            self.unknown += 1
            return
        record = self.records.setdefault(session.id, SessionRecord(session, measurement.machine or machine))
        record.add(measurement)

    @property
    def ordered(self) -> list[SessionRecord]:
        """The newest first."""
        return [self.records[name] for name in sorted(self.records, reverse=True)]
