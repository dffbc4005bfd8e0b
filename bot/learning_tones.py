"""Learn kinds of messages from our own wordings, for `python -m bot learn`.

A logistic regression over the terms of a message, fitted to all wordings at once. Deterministic.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from content.models import Content, Tones
from intents.knowledge import prepare
from intents.tone import ASKED, Tone, terms
from intents.turn import HEARD, Outcome

Floats = npt.NDArray[np.float32]
Example = tuple[str, tuple[str, ...]]
"""A kind, and the terms of a message of that kind."""

OFTEN = 2
"""A term of fewer messages tells nothing about others."""
LOOSE = 30.0
"""How freely weights may grow: the smaller, the nearer to zero they stay."""
ROUNDS = 150
PACE = 0.4
TELLING = 1.0
"""Smaller weights are left out: without them as many unseen messages are heard right."""
DIGITS = 2
KEPT_BACK = 4
"""One message in so many is kept back to see how well unseen ones are heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Kinds as learnt, and how well messages were heard that were kept back from learning."""

    tones: Tones
    unseen: int
    """How many were kept back."""
    right: float
    """Share of messages of other kinds that were heard as what they are."""
    mistaken: float
    """Share of questions about services that were heard as anything else."""


def learn_tones(content: Content, say: Callable[[str], object]) -> Heard:
    """Learn kinds from all wordings; `say` is told how far it is."""
    knowledge = prepare(content, 0)
    say("learning kinds of messages")
    examples = [(kind, terms(knowledge.speller.read(said))) for kind, said in _messages(content)]
    unseen = examples[::KEPT_BACK]
    judge = Tone(_fitted([e for n, e in enumerate(examples) if n % KEPT_BACK]))
    chances = [(kind, judge.chances(held)) for kind, held in unseen]
    told = [(kind, max(found, key=found.__getitem__)) for kind, found in chances]
    others = [kind == heard for kind, heard in told if kind != ASKED]
    asked = [kind != heard for kind, heard in told if kind == ASKED]
    right, mistaken = (float(np.mean(shares)) if shares else 0.0 for shares in (others, asked))
    return Heard(_fitted(examples), len(unseen), right, mistaken)


def write_tones(tones: Tones, path: Path) -> None:
    """Write what was learnt as JSON, one term a line."""
    lines = (f"  {json.dumps(t, ensure_ascii=False)}: {json.dumps(w)}" for t, w in tones.weights.items())
    weights = ",\n".join(lines)
    head = f'"kinds": {json.dumps(tones.kinds)},\n"bias": {json.dumps(tones.bias)}'
    path.write_text(f'{{\n{head},\n"weights": {{\n{weights}\n}}\n}}\n', "utf-8", newline="\n")


def _messages(content: Content) -> Iterator[tuple[str, str]]:
    for topic in content.topics.values():
        kind = topic.outcome if topic.outcome in HEARD else ASKED
        yield from ((kind, example) for example in topic.examples)
    for kind, said in content.vocabulary.kinds.items():
        yield from ((kind, example) for example in said)
    for missing in content.missing:
        yield from ((Outcome.NOT_IN_CATALOGUE.value, example) for example in missing.examples)
    for text in content.texts:
        yield from ((ASKED, said) for said in (*text.examples, *text.everyday))


def _fitted(examples: Sequence[Example]) -> Tones:
    """Fit the weights of all terms: a softmax over kinds, by Adam over all examples at once."""
    kinds = (ASKED, *sorted({kind for kind, _ in examples} - {ASKED}))
    counts = Counter(term for _, held in examples for term in held)
    known = {term: n for n, term in enumerate(sorted(t for t, many in counts.items() if many >= OFTEN))}
    table = _Table(examples, known, kinds)
    weights, bias = table.fit()
    kept = np.where(np.abs(weights) >= TELLING, weights, 0.0)
    tenths = np.round(10 * kept.astype(np.float64)).astype(int).tolist()
    return Tones(
        kinds,
        tuple(np.round(bias.astype(np.float64), DIGITS).tolist()),
        {term: tuple(tenths[n]) for term, n in known.items() if any(tenths[n])},
    )


class _Table:
    """Which terms each example holds, by example and by term."""

    def __init__(self, examples: Sequence[Example], known: dict[str, int], kinds: Sequence[str]) -> None:
        held = [[known[t] for t in terms_ if t in known] for _, terms_ in examples]
        sizes = [len(h) for h in held]
        share = np.repeat([1 / np.sqrt(max(len(t), 1)) for _, t in examples], sizes).astype(np.float32)
        example, term = (
            np.repeat(np.arange(len(held)), sizes),
            np.concatenate([np.array(h, int) for h in held]),
        )
        order = np.argsort(term, kind="stable")
        self._by_example = (term, share[:, None], np.cumsum([0, *sizes[:-1]]), np.array(sizes) > 0)
        self._by_term = (
            example[order],
            share[order, None],
            np.searchsorted(term[order], np.arange(len(known))),
        )
        self._right = np.array([kinds.index(kind) for kind, _ in examples])
        self._shape = (len(known), len(kinds))

    def fit(self) -> tuple[Floats, Floats]:
        """Return the weights by term and kind, and the bias by kind."""
        weights, bias = np.zeros(self._shape, np.float32), np.zeros(self._shape[1], np.float32)
        moments = [(np.zeros_like(w), np.zeros_like(w)) for w in (weights, bias)]
        for step in range(1, ROUNDS + 1):
            rate = PACE * (1 - (step - 1) / ROUNDS)
            for weight, slope, (first, second) in zip(
                (weights, bias), self._slopes(weights, bias), moments, strict=True
            ):
                np.add(first, 0.1 * (slope - first), out=first)
                np.add(second, 0.01 * (slope**2 - second), out=second)
                pace = rate / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
                np.subtract(weight, pace * first, out=weight)
        return weights, bias

    def _slopes(self, weights: Floats, bias: Floats) -> tuple[Floats, Floats]:
        term, share, starts, filled = self._by_example
        scores = np.tile(bias, (len(filled), 1))
        scores[filled] += np.add.reduceat(weights[term] * share, starts[filled])
        chance = np.exp(scores - scores.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        chance[np.arange(len(chance)), self._right] -= 1
        example, share, starts = self._by_term
        slope = np.add.reduceat(chance[example] * share, starts) + weights / np.float32(LOOSE)
        return slope / np.float32(len(chance)), chance.mean(axis=0)
