"""Learn which service is meant from our own wordings: `python -m bot learn`.

Every example and everyday name is asked of an index that does not hold it, so that what is learnt is how
to answer wordings nobody has written down. Deterministic: the same content gives the same ranking.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from content.models import Content, Missing, PlainText, Ranking, Topic
from intents.index import CONSIDERED, FEATURES, Index
from intents.knowledge import MISSING, TOPIC, Knowledge, index_of, prepare
from intents.ranking import TRUST, inputs, trust_of
from intents.retrieve import query_of, rival
from intents.understand import understand

Floats = npt.NDArray[np.float32]
Item = TypeVar("Item", PlainText, Topic, Missing)

NETWORKS = 3
"""Networks of each part; chance begins each in another place, and their mean depends on it less."""
FOLDS = 4
"""Parts; the wordings of each are asked of an index without them, and judged by a network without them."""
SEED = 7
LOTS = 1000
HIDDEN = 24
EPOCHS = 30
BATCH = 128
RATE = 3e-3
DECAY = 1e-4
SHARE = 0.3
"""Of services that we know by name alone so many wordings are learnt from: they are two thirds of all
services, and a small part of what citizens ask."""
JUDGED = 4
"""Candidates of a question whose confidence is learnt: as many as a person is shown."""
DIGITS = 5


@dataclass(frozen=True, slots=True)
class Case:
    """One wording and what it means."""

    wording: str
    right: frozenset[str]
    """Documents."""
    source: tuple[str, str]
    """Kind and id of the item that holds it."""


@dataclass(frozen=True, slots=True)
class Row:
    """What an index without the wording finds for it."""

    documents: tuple[str, ...]
    features: Floats
    right: npt.NDArray[np.bool_]
    part: int
    taught: bool
    """Part of what is learnt from; all are judged."""
    bare: bool = False
    """Asked as if nobody had written a word about the service: no measure of how sure we are of others."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A ranking, and how often it put the right document first for wordings that it had not seen."""

    ranking: Ranking
    asked: int
    first: float
    hand_made: float
    """The same of the plain order by nearness."""


def learn(content: Content, say: Callable[[str], object]) -> Learnt:
    """Learn a ranking from all wordings; `say` is told how far it is."""
    knowledge = prepare(replace(content, ranking=None), 0)
    say("asking every wording of an index without it")
    rows = list(_rows(knowledge, say))
    taught = [row for row in rows if row.taught and row.right.any()]
    mean, scale = _spread(taught)
    networks = []
    judged: list[tuple[Row, Floats]] = []
    for part in range(FOLDS):
        say(f"learning, part {part + 1} of {FOLDS}")
        several = [_Network(mean, scale, NETWORKS * part + n) for n in range(NETWORKS)]
        for network in several:
            network.teach([row for row in taught if row.part != part])
        networks += several
        judged += [(row, _mean_of(several, row.features)) for row in rows if row.part == part]
    services = [(row, scores) for row, scores in judged if row.right.any() and _about_services(row)]
    first = float(np.mean([row.right[np.argmax(scores)] for row, scores in services]))
    nearest = FEATURES.index("nearest")
    plain = float(np.mean([row.right[np.argmax(row.features[:, nearest])] for row, _ in services]))
    ranking = _joined(networks, mean, scale, _trust(judged, knowledge))
    return Learnt(ranking, len(services), first, plain)


def write_ranking(ranking: Ranking, path: Path) -> None:
    """Write a ranking as JSON, one part a line."""
    parts = (f"{json.dumps(name)}: {json.dumps(_rounded(value))}" for name, value in asdict(ranking).items())
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8", newline="\n")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, tuple | list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def _rows(knowledge: Knowledge, say: Callable[[str], object]) -> Iterator[Row]:
    content = knowledge.content
    cases = list(_cases(content))
    parts = [_lot(case, "part") * FOLDS // LOTS for case in cases]
    known = {text.id for text in content.texts if not text.summary}
    taught = [c.source[1] not in known or _lot(c, "taught") < SHARE * LOTS for c in cases]
    for part in range(FOLDS):
        asked = [(c, t) for c, t, at in zip(cases, taught, parts, strict=True) if at == part]
        index = index_of(_without(content, (case for case, _ in asked)), knowledge.speller)
        say(f"part {part + 1} of {FOLDS}: {len(asked)} wordings")
        yield from (_row(case, index, knowledge, part, taught=is_taught) for case, is_taught in asked)
    yield from _bare(knowledge, cases)


def _lot(case: Case, purpose: str) -> int:
    """Draw a number for a wording, the same whatever other wordings there are."""
    return zlib.crc32(f"{purpose} {case.source} {case.wording}".encode()) % LOTS


def _bare(knowledge: Knowledge, cases: Sequence[Case]) -> Iterator[Row]:
    """Yield examples of services as if nobody had written a word about them: half of them are like that."""
    content = knowledge.content
    named = [text for text in content.texts if not text.summary]
    for part in range(FOLDS):
        gone = {text.id for n, text in enumerate(named) if n % FOLDS == part}
        left = tuple(text for text in content.texts if text.id not in gone)
        index = index_of(replace(content, texts=left), knowledge.speller)
        examples = {e for text in named if text.id in gone for e in text.examples}
        asked = [c for c in cases if c.source[0] == "text" and c.source[1] in gone and c.wording in examples]
        rows = (_row(c, index, knowledge, part, taught=True) for c in asked if _lot(c, "bare") < SHARE * LOTS)
        yield from (replace(row, bare=True) for row in rows)


def _row(case: Case, index: Index, knowledge: Knowledge, part: int, *, taught: bool) -> Row:
    evidence = index.search(query_of(understand(case.wording, knowledge), knowledge))
    right = np.array([document in case.right for document in evidence.documents], bool)
    return Row(evidence.documents, evidence.features, right, part, taught)


def _cases(content: Content) -> Iterator[Case]:
    twins: dict[str, set[str]] = defaultdict(set)
    for service in content.catalogue.services.values():
        twins[service.name].add(service.code)
    for text in content.texts:
        names = {content.catalogue.services[code].name for code in text.codes}
        right = frozenset(text.codes).union(*(twins[name] for name in names))
        yield from (Case(w, right, ("text", text.id)) for w in (*text.examples, *text.everyday, text.title))
    alike: dict[str, set[str]] = defaultdict(set)
    for topic in content.topics.values():
        alike[topic.report_as or topic.id].add(f"{TOPIC}{topic.id}")
    for topic in content.topics.values():
        right = frozenset(alike[topic.report_as or topic.id])
        yield from (Case(example, right, ("topic", topic.id)) for example in topic.examples)
    for missing in content.missing:
        right = frozenset({f"{MISSING}{missing.id}"})
        yield from (Case(example, right, ("missing", missing.id)) for example in missing.examples)


def _without(content: Content, cases: Iterable[Case]) -> Content:
    gone: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case in cases:
        gone[case.source].add(case.wording)
    texts = (_cut(text, gone["text", text.id]) for text in content.texts)
    return replace(
        content,
        texts=tuple(
            replace(
                text,
                title="" if text.title in gone["text", text.id] else text.title,
                everyday=tuple(w for w in text.everyday if w not in gone["text", text.id]),
            )
            for text in texts
        ),
        topics={t.id: _cut(t, gone["topic", t.id]) for t in content.topics.values()},
        missing=tuple(_cut(m, gone["missing", m.id]) for m in content.missing),
    )


def _cut(item: Item, gone: set[str]) -> Item:
    return replace(item, examples=tuple(e for e in item.examples if e not in gone))


def _about_services(row: Row) -> bool:
    """Tell whether services are right: topics are told by phrases, and by confidence that nothing fits."""
    return not any(row.documents[n].startswith((TOPIC, MISSING)) for n in np.flatnonzero(row.right).tolist())


def _spread(rows: Sequence[Row]) -> tuple[Floats, Floats]:
    every = np.concatenate([row.features for row in rows])
    return every.mean(axis=0), every.std(axis=0) + np.float32(1e-6)


class _Network:
    """One hidden layer, taught to put a right candidate first (softmax over the candidates, Adam)."""

    def __init__(self, mean: Floats, scale: Floats, seed: int) -> None:
        self._random = np.random.default_rng(SEED + seed)
        self._mean, self._scale = mean, scale
        width = 2 * len(FEATURES)
        self.hidden = self._drawn((width, HIDDEN), width)
        self.bias = np.zeros(HIDDEN, np.float32)
        self.output = self._drawn((HIDDEN,), HIDDEN)

    def _drawn(self, shape: tuple[int, ...], width: int) -> Floats:
        return self._random.normal(0, np.sqrt(2 / width), shape).astype(np.float32)

    def scores(self, features: Floats) -> Floats:
        if not len(features):
            return np.zeros(0, np.float32)
        scored: Floats = (
            np.maximum(inputs(features, self._mean, self._scale) @ self.hidden + self.bias, 0) @ self.output
        )
        return scored

    def teach(self, rows: Sequence[Row]) -> None:
        seen, real, right = self._stacked(rows)
        moments = [(np.zeros_like(w), np.zeros_like(w)) for w in self._weights]
        step = 0
        for epoch in range(EPOCHS):
            rate = RATE * (1 - epoch / EPOCHS)
            order = self._random.permutation(len(rows))
            for at in range(0, len(rows), BATCH):
                step += 1
                some = order[at : at + BATCH]
                slopes = self._slopes(seen[some], real[some], right[some])
                self._move(slopes, moments, rate, step)

    @property
    def _weights(self) -> tuple[Floats, Floats, Floats]:
        return self.hidden, self.bias, self.output

    def _stacked(self, rows: Sequence[Row]) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        seen = np.zeros((len(rows), CONSIDERED, 2 * len(FEATURES)), np.float32)
        real = np.zeros((len(rows), CONSIDERED), bool)
        right = np.zeros((len(rows), CONSIDERED), bool)
        for n, row in enumerate(rows):
            many = len(row.documents)
            seen[n, :many] = inputs(row.features, self._mean, self._scale)
            real[n, :many], right[n, :many] = True, row.right
        return seen, real, right

    def _slopes(
        self, seen: Floats, real: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]
    ) -> tuple[Floats, ...]:
        hidden = np.maximum(seen @ self.hidden + self.bias, 0)
        scores = np.where(real, hidden @ self.output, -np.inf)
        chance = np.exp(scores - scores.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        deserved = chance * right
        deserved /= np.maximum(deserved.sum(axis=1, keepdims=True), 1e-9)
        error = ((chance - deserved) / len(seen)).astype(np.float32)
        back = error[..., None] * self.output * (hidden > 0)
        return (
            np.einsum("qcf,qch->fh", seen, back) + DECAY * self.hidden,
            back.sum(axis=(0, 1)),
            np.einsum("qch,qc->h", hidden, error) + DECAY * self.output,
        )

    def _move(
        self, slopes: Sequence[Floats], moments: Sequence[tuple[Floats, Floats]], rate: float, step: int
    ) -> None:
        for weight, slope, (first, second) in zip(self._weights, slopes, moments, strict=True):
            np.add(first, 0.1 * (slope - first), out=first)
            np.add(second, 0.001 * (slope**2 - second), out=second)
            pace = rate / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            np.subtract(weight, pace * first, out=weight)


def _mean_of(networks: Sequence[_Network], features: Floats) -> Floats:
    total: Floats = sum((n.scores(features) for n in networks), np.zeros(len(features), np.float32))
    return total / np.float32(len(networks))


def _joined(networks: Sequence[_Network], mean: Floats, scale: Floats, trust: Mapping[str, float]) -> Ranking:
    """Return the mean of the networks as one: their hidden units side by side."""
    return Ranking(
        features=FEATURES,
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
        hidden=tuple(tuple(unit) for network in networks for unit in network.hidden.T.tolist()),
        bias=tuple(b for network in networks for b in network.bias.tolist()),
        output=tuple(w / len(networks) for network in networks for w in network.output.tolist()),
        confidence=dict(trust),
    )


def _trust(judged: Sequence[tuple[Row, Floats]], knowledge: Knowledge) -> dict[str, float]:
    """Fit confidence: how often a candidate with such a score and such a lead was right."""
    seen, right = [], []
    for row, scores in judged:
        if not len(scores) or row.bare or not row.taught:
            continue
        order = np.argsort(-scores, kind="stable")
        best, listed = order[:JUDGED], scores.tolist()
        rivals = [rival(row.documents, listed, order.tolist(), n, knowledge) for n in best.tolist()]
        seen.append(trust_of(row.features[best], scores[best], rivals))
        right.append(row.right[best])
    return dict(zip(TRUST, _logistic(np.concatenate(seen), np.concatenate(right)).tolist(), strict=True))


def _logistic(seen: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Fit a logistic regression by Newton's method."""
    weights = np.zeros(seen.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-(seen @ weights)))
        slope = seen.T @ (right - chance) - 1e-3 * weights
        curve = (seen * (chance * (1 - chance))[:, None]).T @ seen + 1e-3 * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return weights
