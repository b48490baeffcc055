"""A language model behind an OpenAI-compatible endpoint: prompt, examples from train, its answer is the label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import (
    STANDALONE,
    BenchError,
    Params,
    Predictor,
    Probabilities,
    Recipe,
    RunContext,
    Split,
    Training,
    Truncation,
)

PILOT = 20
"""Texts that are asked in training: so a wrong address ends early, and what a million would cost is told."""
SURE = 0.95
"""The probability of the label that was answered: endpoints give none that could be relied on."""
PROMPT = "Which label fits the text of the user? Answer with one of these labels and nothing else: {labels}"


class LLM(Recipe):
    """A language model behind an OpenAI-compatible endpoint answers with a label; nobody is asked without `base_url`.

    Answers are kept in the cache of this machine and never paid for twice. One that names no label, or several, counts
    as the rarest label of train, so that it is an error as good as always. Its speed is not measured.
    """

    name, framework = "llm", "endpoint"
    defaults = {
        "base_url": "",  # of the endpoint, as in http://localhost:8000/v1; its texts are sent there
        "model": "",  # by the endpoint's own name
        "key_variable": "SENTIBENCH_LLM_KEY",  # the environment variable that holds the key; it begins with SENTIBENCH_
        "prompt": PROMPT,  # the system's message, with {labels}
        "shots": 0,  # examples of each label, drawn from train by the seed
        "price": "",  # USD a million tokens in and out, as 0.15/0.60; empty: of the table that comes with the project
        "max_cost": 1.0,  # USD that one process may spend: training asks 20 texts, then test and validation are asked
        "concurrency": 4,  # calls at a time
        "timeout": 60.0,  # seconds that a call may take
        "retries": 5,  # further calls after one that failed, each twice as long after the last
        "max_tokens": 16,  # of an answer
    }
    smoke = {"max_cost": 0.01}
    sources = ("llm/ask.py", "llm/endpoint.py", "llm/price.py", "llm/prompt.py")
    timed = False

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Draw the examples, and ask a few texts."""
        from baselines.llm import prompt

        for name in ("concurrency", "max_tokens"):
            if params[name] < 1:
                raise BenchError(f"{name}={params[name]}: give 1 or more")
        before = [
            *prompt.instructions(params["prompt"], train.label_names),
            *prompt.shots(train, params["shots"], seed),
        ]
        counts = np.bincount(train.labels, minlength=len(train.label_names))
        facts = {
            "label_names": list(train.label_names), "before": before, "rarest": int(counts.argmin()),
            "endpoint": {name: params[name] for name in self.defaults if name not in ("prompt", "shots")},
        }  # fmt: skip
        (out_dir / "model.json").write_text(json.dumps(facts, ensure_ascii=False) + "\n", encoding="utf-8")
        pilot = (validation if len(validation) else train).texts[:PILOT]
        return Training(warnings=LLMPredictor(facts).pilot(pilot))

    def load(self, artifact_dir: Path) -> Predictor:
        """Prompt, examples and address; the key is read where it is used."""
        return LLMPredictor(json.loads((artifact_dir / "model.json").read_text(encoding="utf-8")))


class LLMPredictor(Predictor):
    """Asks, and reads a label from the answer."""

    runtime = "endpoint"
    parameters = nonzero_parameters = 1  # the rarest label: nothing else is learned here

    def __init__(self, facts: dict[str, Any]) -> None:
        from baselines.llm.ask import Asker
        from baselines.llm.endpoint import Endpoint
        from baselines.llm.price import Price

        given = facts["endpoint"]
        endpoint = Endpoint(*(given[name] for name in Endpoint.__dataclass_fields__))
        endpoint.check()
        price = Price.of(given["model"], given["price"])
        self.asker = Asker(endpoint, price, given["max_cost"], given["concurrency"])
        self.label_names, self.before, self.rarest = facts["label_names"], facts["before"], facts["rarest"]

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        found, outside = self._labels(texts)
        if outside:
            print(
                f"{outside:,} of {len(texts):,} answers name no label, and count as '{self.label_names[self.rarest]}'"
            )
        k = len(self.label_names)
        out = np.full((len(texts), k), (1 - SURE) / max(k - 1, 1), np.float32)
        out[np.arange(len(texts)), np.array(found, np.int64)] = SURE
        probabilities: Probabilities = out / out.sum(axis=1, keepdims=True)
        return probabilities

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts, by characters."""
        from baselines.llm.prompt import MAX_CHARACTERS

        return Truncation.beyond(MAX_CHARACTERS, np.array([len(text) for text in texts], np.int64))

    def pilot(self, texts: Sequence[str]) -> list[str]:
        """What a row should say of it: the price, and answers without a label."""
        answers, outside = self.asker.answers(self._asked(texts)), self._labels(texts)[1]
        usd = 1e6 * sum(map(self.asker.price.usd, answers)) / max(len(answers), 1)
        told = [f"about {usd:,.2f} USD a million texts ({self.asker.price.source})"]
        return told + ([f"{outside} of the first {len(texts)} answers name no label"] if outside else [])

    def _labels(self, texts: Sequence[str]) -> tuple[list[int], int]:
        """Numbers of labels, and how many answers had none."""
        from baselines.llm.prompt import label_of

        named = [label_of(answer.text, self.label_names) for answer in self.asker.answers(self._asked(texts))]
        return [self.rarest if label is None else label for label in named], named.count(None)

    def _asked(self, texts: Sequence[str]) -> list[list[dict[str, str]]]:
        from baselines.llm.prompt import asked

        return [asked(self.before, text) for text in texts]
