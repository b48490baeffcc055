"""A lexicon's score, cut into labels (VADER: Hutto and Gilbert, ICWSM 2014): nothing is learned but where to cut."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from baselines.vectorize import MAX_CHARACTERS, characters_cut
from bench.api import (
    CLASS_WEIGHTS,
    STANDALONE,
    Choice,
    Params,
    Predictor,
    Probabilities,
    Recipe,
    RunContext,
    Split,
    Training,
    Truncation,
    Vader,
    class_weights,
    copy_lexicons,
    normalizer,
)

CLEANINGS = {"raw": "none", "bare": "bare-1"}
ENGLISH = 0.2
"""Share of English function words below which texts are taken for another language: English sets have .39 to .55."""
SEEN = 2000
"""Texts that the language is told from."""


class Lexicon(Recipe):
    """VADER's compound score, cut into labels from negative to positive; cut points are fitted on validation.

    For English, and for labels of one scale, two or more (`negative`, `very positive`, rising numbers). Probabilities
    are how often each label was met in an interval of scores. Without validation the cuts are fitted on train.
    """

    name, framework, requires = "lexicon", "vader", ("vaderSentiment", "sklearn")
    deterministic = True
    defaults = {
        "cleaning": "auto",  # `raw`, `bare` (no links, mentions, hashtags, punctuation), or what validation prefers
        "class_weight": "none",  # `none`: cut for accuracy; `balanced`: for macro-recall
    }
    space = {"class_weight": Choice(*CLASS_WEIGHTS)}
    choices = {"cleaning": ("auto", *CLEANINGS), "class_weight": CLASS_WEIGHTS}
    sources = ("cut_points.py", "polarity.py", "vectorize.py")

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Cut points by dynamic programming, for each cleaning; the one with the better score is kept."""
        from baselines.cut_points import fit_cuts
        from baselines.polarity import is_numbers, polarity_order

        order = polarity_order(train.label_names)
        held = validation if len(validation) else train
        steps = np.argsort(order)[held.labels]
        of_label = class_weights(held.labels, len(order), params["class_weight"])
        weights = np.ones(len(held)) if of_label is None else of_label[held.labels]
        vader, fitted = Vader(), dict[str, tuple[npt.NDArray[np.float64], float]]()
        for cleaning in CLEANINGS if params["cleaning"] == "auto" else (params["cleaning"],):
            scores = vader(cleaned(held.texts, cleaning))
            fitted[cleaning] = fit_cuts(scores, steps, len(order), weights)
        chosen = max(fitted, key=lambda cleaning: fitted[cleaning][1])
        cuts = np.clip(fitted[chosen][0], -2, 2)  # a label without an interval has a cut at infinity; scores end at 1
        counts = np.ones((len(order), len(order)))  # add-one smoothed, so that no label is impossible
        at = np.searchsorted(cuts, vader(cleaned(held.texts, chosen)))
        np.add.at(counts, (at, held.labels), weights)
        facts = {
            "label_names": list(train.label_names),
            "cleaning": chosen,
            "cuts": cuts.tolist(),
            "probabilities": (counts / counts.sum(axis=1, keepdims=True)).tolist(),
        }
        (out_dir / "model.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
        copy_lexicons(out_dir)
        numbered = ["the labels are numbers, taken to rise from negative to positive"]
        return Training(warnings=[*_language_warnings(train), *(numbered if is_numbers(train.label_names) else [])])

    def load(self, artifact_dir: Path) -> Predictor:
        """Cuts and probabilities from JSON, words and emoji from the lexicon's own files."""
        facts = json.loads((artifact_dir / "model.json").read_text(encoding="utf-8"))
        return LexiconPredictor(Vader(artifact_dir), facts)


class LexiconPredictor(Predictor):
    """The probabilities of the interval that a text's score is in."""

    runtime = "vader"

    def __init__(self, vader: Vader, facts: dict[str, Any]) -> None:
        self.vader, self.cleaning = vader, facts["cleaning"]
        self.cuts, self.probabilities = np.array(facts["cuts"]), np.array(facts["probabilities"], np.float32)
        self.parameters = self.nonzero_parameters = vader.entries + self.cuts.size + self.probabilities.size

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        return self._classify(self._clean(texts))

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Text to what is looked up of it, that to probabilities."""
        return {"tokenize": self._clean, "forward": self._classify}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts, by characters."""
        return characters_cut(texts)

    def _clean(self, texts: Sequence[str]) -> list[str]:
        return cleaned(texts, self.cleaning)

    def _classify(self, texts: Sequence[str]) -> Probabilities:
        found: Probabilities = self.probabilities[np.searchsorted(self.cuts, self.vader(texts))]
        return found


def cleaned(texts: Sequence[str], cleaning: str) -> list[str]:
    """What the lexicon reads of them."""
    clean = normalizer(CLEANINGS[cleaning])
    return [clean(text[:MAX_CHARACTERS]) for text in texts]


def _language_warnings(split: Split) -> list[str]:
    """That the texts are hardly English, by their function words."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    texts = split.texts[:: max(1, len(split) // SEEN)]  # over all of them: a set may hold one language after another
    words = [word for text in texts for word in re.findall(r"[^\W\d_]+", text[:MAX_CHARACTERS].lower())]
    share = sum(word in ENGLISH_STOP_WORDS for word in words) / max(len(words), 1)
    if share >= ENGLISH:
        return []
    return [f"the lexicon is English, and only {share:.0%} of the words in train are common English ones"]
