"""Ten questions of somebody who has never seen the page: what they do to be answered, and what they then read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Step = Callable[[Any], None]
"""One action on a page of Playwright's: a click, or a number typed into a field."""
MOST_STEPS = 3


@dataclass(frozen=True)
class Question:
    """Asked of the models of `lineages`."""

    asked: str
    steps: tuple[Step, ...]
    read: str
    """The element that answers, as a selector."""
    expected: str
    """What stands in it."""


def press(name: str) -> Step:
    """A button of that name, the first."""
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def fill(label: str, value: str) -> Step:
    """A field by its label."""
    return lambda page: page.get_by_label(label, exact=True).fill(value)


def unfold(title: str) -> Step:
    """A summary that opens."""
    return lambda page: page.locator("summary").filter(has_text=title).first.click()


TAUGHT = "Static look-up · distilled"
SMALL = "TinyBERT-4 · pruned 60 % · ONNX int8"
QUESTIONS = (
    Question("Which one should I ship?", (), "#answer h2", TAUGHT),
    Question("How sure is that?", (), "#answer", "Chance to be the best of the"),
    Question("How do I serve it?", (), "#answer code", "python -m serving http emotions-"),
    Question(
        "Which one under 5 MB and 1 ms?",
        (fill("at most, MB", "5"), fill("at most, ms a text", "1")), "#answer h2", SMALL,
    ),
    Question(
        "Which is the smallest that is not shown to be worse?",
        (press("smallest, not shown worse"),), "#answer", "the smallest of those that are not shown to be worse",
    ),
    Question("What does int8 cost?", (), "#compression", "int8"),
    Question(
        "Are these two different?",
        (press("compare LSTM"), press(f"compare {SMALL}")), "#compare", "corrections",
    ),
    Question("How is it made?", (press(SMALL),), "#models td.detail pre", "-r 'quantize[to=onnx-int8]'"),
    Question("Which one on another data set?", (press("rtl"),), "#models h2", "rtl"),
    Question("On what machine was it timed?", (unfold("Environment"),), "#evidence", "cores"),
)  # fmt: skip
