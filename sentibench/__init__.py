"""Sentibench in Python: load a trained classifier, read results, train one as an estimator of scikit-learn.

>>> import sentibench
>>> model = sentibench.load("linear-toy-s0-ec9d24064f")
>>> model.predict(["what a lovely day", "never again"])
>>> sentibench.results().sort_values("accuracy")[["recipe", "dataset", "accuracy"]]
>>> sentibench.SentimentClassifier("linear", params={"C": 0.5}).fit(texts, labels)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentibench.estimator import SentimentClassifier
    from sentibench.model import Model, load
    from sentibench.table import results

__all__ = ["Model", "SentimentClassifier", "load", "results"]


def __getattr__(name: str) -> Any:
    """Each name is imported when it is first used: pandas and scikit-learn take a second."""
    if name in ("Model", "load"):
        from sentibench import model

        return getattr(model, name)
    if name == "results":
        from sentibench.table import results

        return results
    if name == "SentimentClassifier":
        from sentibench.estimator import SentimentClassifier

        return SentimentClassifier
    raise AttributeError(f"module 'sentibench' has no attribute '{name}'; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
