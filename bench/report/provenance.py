"""Where the numbers come from: machines, packages, commits, protocols."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bench.report.sessions import Sessions
from bench.schema import Environment, Result


@dataclass
class Provenance:
    """Gathered while the results stream by: few kinds, many runs."""

    environments: dict[str, Environment] = field(default_factory=dict)
    """Each different environment once, by its JSON."""
    runs: Counter[str] = field(default_factory=Counter)
    """Runs of each environment."""
    protocols: Counter[str] = field(default_factory=Counter)
    """Runs timed by each protocol, with its rounds."""
    sessions: Sessions = field(default_factory=Sessions)
    commits: Counter[str] = field(default_factory=Counter)
    logs: dict[str, str] = field(default_factory=dict)
    """The end of the log of each failed run."""

    def watch(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass the results on, remembering where each comes from."""
        for result in results:
            key = json.dumps(result.environment.model_dump(), sort_keys=True)
            self.environments.setdefault(key, result.environment)
            self.runs[key] += 1
            measurement, identity = result.measurement, result.identity
            if measurement:
                self.protocols[f"{measurement.protocol}, {measurement.rounds} rounds"] += 1
                self.sessions.add(measurement, result.environment.machine)
            dirty = " with uncommitted changes" if identity.dirty else ""
            self.commits[(identity.git_commit or "unknown") + dirty] += 1
            if result.outcome.log_tail:
                self.logs[result.run_id] = result.outcome.log_tail
            yield result

    @property
    def machines(self) -> list[tuple[Environment, int]]:
        """Every environment with its number of runs, the most used first."""
        return [(self.environments[key], count) for key, count in self.runs.most_common()]
