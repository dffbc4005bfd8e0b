"""Which candidate is meant, and how sure that is: a small network learnt from our own wordings.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from content.models import Ranking
from intents.index import FEATURES, Scores

Floats = npt.NDArray[np.float32]

TRUST = ("bias", "score", "margin", "all_words", "of_question", "of_wording", "name", "length")
"""What confidence depends on, in the order of a row of `trust_of`."""
_TRUSTED = [FEATURES.index(name) for name in TRUST[3:]]


class Ranker:
    """Score candidates by their evidence."""

    def __init__(self, ranking: Ranking) -> None:
        """Take what was learnt; raise ValueError when it was learnt from other features."""
        if ranking.features != FEATURES:
            raise ValueError(f"the ranking knows {ranking.features}, the index gives {FEATURES}")
        self._mean = np.array(ranking.mean, np.float32)
        self._scale = np.array(ranking.scale, np.float32)
        self._hidden = np.array(ranking.hidden, np.float32).T
        self._bias = np.array(ranking.bias, np.float32)
        self._output = np.array(ranking.output, np.float32)
        self._confidence = np.array([ranking.confidence[name] for name in TRUST])

    def scores(self, features: Scores) -> Floats:
        """Return one score a row; only differences between rows of one question mean something."""
        hidden = np.maximum(inputs(features, self._mean, self._scale) @ self._hidden + self._bias, 0)
        scored: Floats = hidden @ self._output
        return scored

    def confidence(
        self, features: Scores, scores: Floats, rivals: Sequence[float]
    ) -> npt.NDArray[np.float64]:
        """Return from 0 to 1 how sure each candidate is; `rivals` are the best scores of others."""
        trust = trust_of(features, scores, rivals)
        certainty: npt.NDArray[np.float64] = 1 / (1 + np.exp(-(trust @ self._confidence)))
        return certainty


def inputs(features: Scores, mean: Floats, scale: Floats) -> Floats:
    """Return the features as the network sees them: scaled, and as distances to the best of the question."""
    best = features.max(axis=0, keepdims=True)
    return np.concatenate(((features - mean) / scale, (features - best) / scale), axis=1)


def trust_of(features: Scores, scores: Floats, rivals: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return what confidence depends on, a row for each candidate."""
    trust = np.empty((len(scores), len(TRUST)))
    trust[:, 0], trust[:, 1], trust[:, 2] = 1.0, scores, scores - np.array(rivals)
    trust[:, 3:] = features[:, _TRUSTED]
    return trust
