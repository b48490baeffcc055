"""What calls cost: by a dated table, or by what the user says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from baselines.llm.endpoint import Answer
from bench.api import BenchError, did_you_mean

TABLE = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True)
class Price:
    """USD a million tokens."""

    tokens_in: float
    tokens_out: float
    source: str

    @classmethod
    def of(cls, model: str, given: str) -> Price:
        """`given` as `0.15/0.60`, in and out; empty: of the table. A `BenchError` for a model that it lacks."""
        if given:
            try:
                first, second = map(float, given.split("/"))
            except ValueError:
                raise BenchError(f"price={given}: give USD a million tokens in and out, as 0.15/0.60") from None
            return cls(first, second, "as given")
        import yaml

        table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
        if model not in table["models"]:
            near = did_you_mean(model, table["models"])
            raise BenchError(
                f"model '{model}' is not in the price table of {table['date']} ({near}): give price=IN/OUT, USD a "
                "million tokens; 0/0 for a server of your own"
            )
        tokens_in, tokens_out = table["models"][model]
        return cls(tokens_in, tokens_out, f"list price of {table['date']}")

    def usd(self, answer: Answer) -> float:
        """Of one call."""
        return (answer.tokens_in * self.tokens_in + answer.tokens_out * self.tokens_out) / 1e6
