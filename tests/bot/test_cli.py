"""The commands: what they print, what they refuse, and with which status."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import unused_port
from click.testing import CliRunner, Result

from bot import cli
from intents.knowledge import Knowledge
from intents.turn import Outcome
from tests.bot.shell import MOST_SECONDS, Shell, build_small_house

QUESTION = "làm giấy khai sinh cho con cần giấy tờ gì"
BIRTH = "1.001193"
Type = Callable[..., Result]


@pytest.fixture
def type_(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Type]:
    """Return what runs a command in this process, on content that is loaded already."""
    monkeypatch.setattr(cli, "_knowledge", lambda *_: knowledge)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    monkeypatch.chdir(tmp_path)

    def type_(*words: str, feed: str | bytes = "") -> Result:
        return CliRunner().invoke(cli.main, words, input=feed)

    before = structlog.get_config()
    yield type_
    structlog.configure(**before)


@pytest.fixture(scope="module")
def small_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a copy of the program that starts at once."""
    return build_small_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def shell(small_house: Path, tmp_path: Path) -> Shell:
    """Open a shell in a folder of its own."""
    return Shell(small_house, tmp_path)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


# ask


def test_ask_prints_what_the_citizen_reads(type_: Type) -> None:
    result = type_("ask", QUESTION)
    assert result.exit_code == 0
    assert "Nguồn: Cổng Dịch vụ công quốc gia" in result.stdout
    assert "[1] " in result.stdout
    assert "**" not in result.stdout
    assert "decided" not in result.stdout


def test_ask_json_is_one_object_with_the_fields_of_the_contract(type_: Type) -> None:
    (row,) = lines(type_("ask", "--json", QUESTION))
    (turn,) = row["turns"]
    assert set(turn) == {"outcome", "topic", "aspect", "services", "text", "buttons", "ms"}
    assert (turn["outcome"], turn["topic"], turn["aspect"]) == ("answered", None, "documents")
    assert turn["services"][0]["code"] == BIRTH
    assert 0 < turn["services"][0]["score"] <= 1
    assert len(turn["services"]) <= 10


def test_ask_trace_shows_each_stage_with_candidates_and_scores(type_: Type) -> None:
    result = type_("ask", "--trace", QUESTION)
    for stage in ("read", "aspect", "candidate", "choice", "decided"):
        assert re.search(rf"^ *{stage}  ", result.stdout, re.MULTILINE), stage
    assert re.search(rf"candidate  {BIRTH} [01]\.\d\d", result.stdout)


def test_ask_wants_to_know_what(type_: Type) -> None:
    result = type_("ask")
    assert result.exit_code == 2
    assert "say what to ask" in result.stderr


def test_ask_stdin_answers_each_line_with_a_line(type_: Type) -> None:
    asked = [
        {"id": "một", "turns": [QUESTION, "thế lệ phí bao nhiêu"]},
        {"id": 2, "turns": ["xin chào"]},
        {"turns": []},
    ]
    rows = lines(type_("ask", "--stdin", feed="\n".join(json.dumps(row) for row in asked)))
    assert [row["id"] for row in rows] == ["một", 2, None]
    assert [len(row["turns"]) for row in rows] == [2, 1, 0]
    first, second = rows[0]["turns"]
    assert first["services"][0]["code"] == second["services"][0]["code"] == BIRTH
    assert second["aspect"] == "fee"
    assert {turn["outcome"] for row in rows for turn in row["turns"]} <= set(Outcome)


MALFORMED = [
    "not json",
    "",
    "[]",
    "7",
    '"turns"',
    "{}",
    '{"turns": null}',
    '{"turns": 7}',
    '{"turns": "abc"}',
    '{"id": 1',
    b'{"turns": ["\xff"]}',
]


@pytest.mark.parametrize("line", MALFORMED)
def test_ask_stdin_says_which_line_is_malformed_and_goes_on(type_: Type, line: str | bytes) -> None:
    good = json.dumps({"id": "after", "turns": ["xin chào"]})
    first = line if isinstance(line, bytes) else line.encode()
    bad, after = lines(type_("ask", "--stdin", feed=first + b"\n" + good.encode()))
    assert bad == {"id": None, "error": "line 1: not a conversation"}
    assert (after["id"], len(after["turns"])) == ("after", 1)


def test_long_and_odd_texts_are_decided(type_: Type) -> None:
    odd = ["", " ", "?" * 50, "a" * 20_000, "khai sinh " * 5_000, "👶🍼", "\u0000", "1.001193", "٣٤", "ﷺ"]
    (row,) = lines(type_("ask", "--stdin", feed=json.dumps({"turns": odd})))
    assert len(row["turns"]) == len(odd)
    assert all(turn["text"] for turn in row["turns"])


# evaluate


def test_evaluate_prints_a_table_and_one_object(type_: Type, tmp_path: Path) -> None:
    questions = [
        {"id": "1", "text": QUESTION, "codes": [BIRTH], "style": "plain"},
        {"id": "2", "turns": ["xin chào"], "expect": "out_of_scope", "style": "talk"},
        {"id": "3", "text": QUESTION, "codes": ["2.000635"], "style": "plain"},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(q) + "\n" for q in questions), "utf-8")
    result = type_("evaluate", str(file))
    assert result.exit_code == 0
    *table, last = result.stdout.splitlines()
    summary = json.loads(last)
    figures = "n top1 top3 direct direct_wrong choices refused other_n other_right p50_ms p95_ms"
    assert list(summary)[:11] == figures.split()
    assert {"folded_top1", "typos_top1", "folded_direct_wrong"} <= summary.keys()
    assert (summary["n"], summary["top1"], summary["other_n"], summary["other_right"]) == (2, 0.5, 1, 1)
    assert table[0].startswith("questions.jsonl: 3 plain | ")
    names = [line.split("  ")[0].strip() or line.split()[0] for line in table[2:]]
    assert names == ["questions.jsonl", "plain", "talk", "all", "all, folded", "all, typos"]


def test_evaluate_can_leave_out_what_went_wrong(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({"id": "1", "text": QUESTION, "codes": ["2.000635"]}) + "\n", "utf-8")
    assert "1 - |" not in type_("evaluate", "--brief", str(file)).stdout


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        '{"id": "1"}',
        '{"text": "no id"}',
        '{"id": "1", "turns": [7]}',
        '{"id": "1", "turns": "abc"}',
        "",
        "[1]",
    ],
)
def test_evaluate_names_file_and_line_of_what_is_no_question(type_: Type, tmp_path: Path, line: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({"id": "1", "text": "xin chào"}) + f"\n{line}\n", "utf-8")
    result = type_("evaluate", str(file))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{file}:2: ")


def test_evaluate_wants_files_that_exist(type_: Type) -> None:
    assert type_("evaluate", "nowhere.jsonl").exit_code == 2
    assert type_("evaluate").exit_code == 2


# check and broken content

BROKEN = "content/topics/broken.yaml:3: unknown key: colour"


@pytest.fixture
def broken(small_house: Path, tmp_path: Path) -> Iterator[Shell]:
    """Open a shell on content with a broken file."""
    file = small_house / "content" / "topics" / "broken.yaml"
    file.write_text("- id: broken\n  title: Hỏng\n  colour: red\n  text: Xin chào\n", "utf-8")
    yield Shell(small_house, tmp_path)
    file.unlink()


def test_check_names_file_and_line(broken: Shell) -> None:
    done = broken.type("check")
    assert done.returncode == 1
    assert BROKEN in done.stdout.splitlines()


def test_with_broken_content_the_service_does_not_start(broken: Shell) -> None:
    done = broken.type("run")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["content:", BROKEN]
    assert done.stdout == ""
    assert not (broken.folder / "data").exists()


# doctor


def test_doctor_tells_one_line_a_finding_and_how_many(type_: Type) -> None:
    result = type_("doctor")
    *found, last = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in found] == [
        "ok",
        "ok",
        "warning",
        "ok",
        "ok",
        "warning",
        "ok",
        "warning",
    ]
    assert all(" → " in line for line in found if line.startswith("warning"))
    assert last == "ok: 5, warning: 3, problem: 0"


def test_doctor_json_is_the_last_line(type_: Type) -> None:
    result = type_("doctor", "--json")
    summary = json.loads(result.stdout.splitlines()[-1])
    assert (summary["ok"], summary["warning"], summary["problem"]) == (5, 3, 0)
    assert len(summary["findings"]) == 8
    assert set(summary["findings"][0]) == {"grade", "name", "detail", "todo"}


def test_doctor_exits_1_when_there_is_a_problem(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"a letter to the mayor, nothing else. " * 100)
    result = type_("doctor")
    assert result.exit_code == 1
    assert "problem  database: " in result.stdout


def test_doctor_lists_all_bad_settings(type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("TELEGRAM_TOKEN", "s3cret")
    result = type_("doctor")
    assert result.exit_code == 1
    *found, last = result.stdout.splitlines()
    assert [line.partition(": ")[2].split()[0] for line in found] == ["PORT", "TELEGRAM_TOKEN"]
    assert last == "ok: 0, warning: 0, problem: 2"
    assert "s3cret" not in result.output


def test_doctor_names_broken_content(broken: Shell) -> None:
    done = broken.type("doctor")
    assert done.returncode == 1
    assert f"problem  content: {BROKEN}" in done.stdout


# The database


def test_migrate_backup_and_restore(type_: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "up to date" in type_("migrate").stdout
    with closing(sqlite3.connect(tmp_path / "bot.db")) as database:
        database.execute("INSERT INTO people (key, first_seen_at) VALUES ('k', '2026-07-20 01:00:00')")
        database.commit()
    assert type_("backup", "kept.jsonl.gz").exit_code == 0
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    assert type_("restore", "kept.jsonl.gz").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        assert database.execute("SELECT key FROM people").fetchall() == [("k",)]
    again = type_("restore", "kept.jsonl.gz")
    assert again.exit_code == 2
    assert "not empty" in again.stderr
    assert type_("restore", "--force", "kept.jsonl.gz").exit_code == 0


def test_a_backup_that_is_none_is_refused_in_one_line(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "kept.jsonl.gz").write_bytes(b"no backup")
    result = type_("restore", "kept.jsonl.gz")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_purge_works_on_a_fresh_database_too(type_: Type) -> None:
    assert type_("purge").exit_code == 0


# chat


def test_chat_answers_what_comes_through_a_pipe_and_stores_it(shell: Shell) -> None:
    done = shell.type("chat", feed=f"{QUESTION}\n\nthế lệ phí bao nhiêu\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Nguồn: Cổng Dịch vụ công quốc gia") == 2
    with closing(sqlite3.connect(shell.folder / "data" / "bot.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM journal ORDER BY id")]
    assert [name for name in names if name.startswith(("person", "turn"))] == [
        "person:started",
        "turn:answered",
        "turn:answered",
    ]


def test_chat_says_plainly_that_its_database_cannot_be_used(shell: Shell) -> None:
    done = shell.type("chat", feed="xin chào\n", **unusable(shell.folder))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


# What keeps the service from starting


def unusable(folder: Path) -> dict[str, str]:
    (folder / "a_file").touch()
    return {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/a_file/bot.db"}


def test_run_lists_all_bad_settings(shell: Shell) -> None:
    done = shell.type("run", PORT="http", RETENTION_DAYS="0", TELEGRAM_TOKEN="s3cret")
    assert done.returncode == 2
    head, *problems = done.stderr.splitlines()
    assert head == "settings:"
    assert [problem.partition(":")[0] for problem in problems] == ["PORT", "RETENTION_DAYS", "TELEGRAM_TOKEN"]
    assert "s3cret" not in done.stderr


@pytest.fixture
def one_line(type_: Type, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return what runs the service, which must not start, and tells the only line that it says."""

    def one_line(**settings: str) -> str:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        result = type_("run")
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        return str(line)

    return one_line


OneLine = Callable[..., str]


def test_run_refuses_a_database_of_a_newer_version(type_: Type, one_line: OneLine, tmp_path: Path) -> None:
    assert type_("migrate").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "bot.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        database.commit()
    assert "from_the_future" in one_line()


def test_run_says_that_the_database_cannot_be_made(one_line: OneLine, tmp_path: Path) -> None:
    assert "a_file/bot.db cannot be made" in one_line(**unusable(tmp_path))


def test_run_says_that_the_file_is_no_database(one_line: OneLine, tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"a letter to the mayor, nothing else. " * 100)
    assert "bot.db cannot be used" in one_line()


def test_run_says_that_a_kept_secret_is_empty(one_line: OneLine, tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    assert "secret.key: is empty" in one_line()


def test_run_names_the_command_for_an_empty_postgresql(one_line: OneLine, postgresql_url: str) -> None:
    assert "python -m bot migrate" in one_line(DATABASE_URL=postgresql_url, SECRET_KEY="given")


def test_run_says_that_the_port_is_taken(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shell.type("run", PORT=str(port))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert "Traceback" not in done.stderr


# The service at work


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.mark.parametrize("words", [("run",), ("run", "--workers", "2")])
def test_run_serves_and_stops_cleanly(shell: Shell, words: tuple[str, ...]) -> None:
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    with shell.running(*words, PORT=str(port)) as process:
        while not ready(url):
            assert process.poll() is None, shell.log
            time.sleep(0.05)
        assert f"web chat: {url}/" in shell.log
        assert "zalo bot: off (set ZALO_BOT_TOKEN)" in shell.log
        process.send_signal(signal.SIGTERM)
        assert process.wait(MOST_SECONDS) == 0, shell.log
    assert not ready(url)
    assert "Traceback" not in shell.log
    assert len(list((shell.folder / "data").glob("secret.key"))) == 1
