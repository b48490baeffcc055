"""VADER, a lexicon of English sentiment with rules (Hutto, Gilbert, ICWSM 2014)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

WORDS, EMOJI = "vader_lexicon.txt", "emoji_utf8_lexicon.txt"


class Vader:
    """Scores texts by the two lexicons in `folder`; by those of the package where none is given."""

    def __init__(self, folder: Path | None = None) -> None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        files = () if folder is None else (str((folder / name).resolve()) for name in (WORDS, EMOJI))
        self._analyzer = SentimentIntensityAnalyzer(*files)

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """The compound score of each text, −1 to 1, float64 [n_texts]."""
        return np.array([self._analyzer.polarity_scores(text)["compound"] for text in texts], np.float64)

    @property
    def entries(self) -> int:
        """Words and emoji that it knows."""
        return len(self._analyzer.lexicon) + len(self._analyzer.emojis)


def copy_lexicons(folder: Path) -> None:
    """The package's two files, so that `Vader(folder)` scores alike whatever version is installed."""
    from vaderSentiment import vaderSentiment

    for name in (WORDS, EMOJI):
        shutil.copyfile(Path(vaderSentiment.__file__).parent / name, folder / name)
