"""How well and how fast the right service is found, beside plain matchers on the same questions.

`python -m tests.bench_understanding [FILE …]` prints a table for people and, as its last line, one JSON
object. The matchers get every text folded, which helps them with questions typed without diacritics; those
over *wordings* get all our names and examples too, so that what remains is the way of matching.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import click
import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.evaluate import Question, judge, read_questions
from bot.memory import kept
from content.loader import load
from intents.knowledge import Knowledge, prepare
from intents.text import folded

OWN = Path(__file__).with_name("questions") / "own.jsonl"
FIRST = 3
CONSIDERED = 30
"""Wordings that a matcher returns; several may be of one service."""
FASTER_THAN = "rapidfuzz names"

Find = Callable[[str], list[int]]
"""From a folded question to the numbers of texts, best first."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts, folded, and the service that each belongs to."""

    texts: list[str]
    codes: list[str]


@dataclass(frozen=True, slots=True)
class Result:
    """How one matcher did."""

    top1: float
    top3: float
    p50_ms: float
    p95_ms: float


def main(files: Sequence[str]) -> None:
    """Measure and print."""
    content = load()
    knowledge = kept(prepare(content, 30))
    paths = [Path(name) for name in files] or [OWN]
    asked = [q for path in paths for q in read_questions(path) if q.expect == "service"]
    names = Corpus(
        [folded(s.name) for s in content.catalogue.services.values()], list(content.catalogue.services)
    )
    wordings = _wordings(knowledge)
    results = {"ours": _ours(asked, knowledge)}
    for label, corpus in (("names", names), ("wordings", wordings)):
        for name, build in (("rapidfuzz", _rapidfuzz), ("bm25s", _bm25s), ("tfidf", _tfidf)):
            results[f"{name} {label}"] = _measured(build(corpus.texts), corpus, asked)
    _show(results, len(asked))


def _ours(asked: Sequence[Question], knowledge: Knowledge) -> Result:
    now = dt.datetime.now(dt.UTC)
    judge(asked[0], knowledge, now)
    judged = [judge(question, knowledge, now) for question in asked]
    times = sorted(one.ms for one in judged)
    return _result([j.within(1) for j in judged], [j.within(FIRST) for j in judged], times)


def _measured(find: Find, corpus: Corpus, asked: Sequence[Question]) -> Result:
    first, among, times = [], [], []
    find(folded(asked[0].turns[-1]))
    for question in asked:
        started = time.perf_counter()
        found = find(folded(" ".join(question.turns)))
        codes = list(dict.fromkeys(corpus.codes[n] for n in found))
        times.append((time.perf_counter() - started) * 1000)
        first.append(codes[:1] != [] and codes[0] in question.codes)
        among.append(bool(question.codes.intersection(codes[:FIRST])))
    return _result(first, among, sorted(times))


def _result(first: Sequence[bool], among: Sequence[bool], times: Sequence[float]) -> Result:
    return Result(
        round(statistics.mean(first), 4),
        round(statistics.mean(among), 4),
        round(statistics.median(times), 2),
        round(times[int(len(times) * 0.95)], 2),
    )


def _wordings(knowledge: Knowledge) -> Corpus:
    services = knowledge.content.catalogue.services
    views = [view for view in knowledge.index.views if view.document in services]
    return Corpus([" ".join(view.said.folded) for view in views], [view.document for view in views])


def _rapidfuzz(texts: list[str]) -> Find:
    def find(question: str) -> list[int]:
        return [
            n for _, _, n in process.extract(question, texts, scorer=fuzz.token_set_ratio, limit=CONSIDERED)
        ]

    return find


def _bm25s(texts: list[str]) -> Find:
    index = bm25s.BM25()
    index.index([text.split() for text in texts], show_progress=False)

    def find(question: str) -> list[int]:
        found, _ = index.retrieve([question.split()], k=CONSIDERED, show_progress=False)
        return [int(n) for n in found[0]]

    return find


def _tfidf(texts: list[str]) -> Find:
    vectorizer = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)

    def find(question: str) -> list[int]:
        scores = (matrix @ vectorizer.transform([question]).T).toarray().ravel()
        return [int(n) for n in np.argsort(-scores, kind="stable")[:CONSIDERED]]

    return find


def _show(results: dict[str, Result], asked: int) -> None:
    ours = results["ours"]
    click.echo(
        f"{asked} questions about services{'':7}{'top1':>8}{'top3':>8}{'p50 ms':>9}{'p95 ms':>9}{'slower':>9}"
    )
    for name, result in results.items():
        ratio = f"{result.p50_ms / ours.p50_ms:.1f}×"
        click.echo(
            f"{name:34}{result.top1:>8.3f}{result.top3:>8.3f}{result.p50_ms:>9.2f}{result.p95_ms:>9.2f}{ratio:>9}"
        )
    figures: dict[str, object] = {
        "n": asked, "top1": ours.top1, "top3": ours.top3, "p50_ms": ours.p50_ms, "p95_ms": ours.p95_ms,
    }  # fmt: skip
    for name, result in results.items():
        if name != "ours":
            figures[name.replace(" ", "_")] = {
                "top1": result.top1,
                "top3": result.top3,
                "p50_ms": result.p50_ms,
            }
    figures["times_faster_than_rapidfuzz"] = round(results[FASTER_THAN].p50_ms / ours.p50_ms, 1)
    click.echo(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
