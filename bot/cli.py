"""The commands: `python -m bot …`. Each imports what it needs, so that `ask` starts at once."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import gc
import json
import sys
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from bot.config import Config
    from bot.doctor.finding import Finding
    from intents.knowledge import Knowledge
    from intents.turn import Decision, DialogueState

T = TypeVar("T")
RETENTION_DAYS = 30
"""What `ask` says of it without reading any settings; the default of the setting."""


@click.group()
def main() -> None:
    """Help citizens find, understand and submit public services."""


@main.command()
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 16), help="Processes.")
def run(workers: int) -> None:
    """Start the service."""
    from bot.serve import serve, supervise

    config = _config()
    if workers > 1:
        supervise(config, workers)
    else:
        serve(config, _knowledge(config.retention_days))


@main.command("fake-services")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 for any.")
@click.option("--bot-url", default="http://127.0.0.1:8080", show_default=True, help="Where `run` listens.")
@click.option("--webhooks", is_flag=True, help="Let Telegram and the Zalo bot post instead of being polled.")
def fake_services(port: int, bot_url: str, *, webhooks: bool) -> None:
    """Stand in for Telegram and Zalo on loopback, for development; print the settings for it."""
    from bot.fakes.serve import serve

    try:
        asyncio.run(serve(port, bot_url.rstrip("/"), click.echo, webhooks=webhooks))
    except KeyboardInterrupt:
        click.echo("")
    except OSError as error:
        _fail(f"cannot listen on 127.0.0.1:{port}: {error.strerror}")


@main.command()
@click.argument("text", required=False)
@click.option("--trace", is_flag=True, help="Show each stage with candidates and scores.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--stdin", is_flag=True, help="Read one JSON conversation a line, write one a line.")
def ask(text: str | None, *, trace: bool, as_json: bool, stdin: bool) -> None:
    """Ask one question; nothing is stored."""
    if stdin:
        _ask_lines(_knowledge())
        return
    if text is None:
        raise click.UsageError('say what to ask: python -m bot ask "…"')
    from bot.channels.console import render

    decision, ms = _decide([text], _knowledge())[-1]
    if as_json:
        click.echo(json.dumps({"id": "ask", "turns": [_turn(decision, ms)]}, ensure_ascii=False))
        return
    click.echo("\n\n".join(render(reply) for reply in decision.replies))
    if trace:
        click.echo("\n".join(["", *(f"{line.stage:>10}  {line.detail}" for line in decision.trace)]))
        click.echo(f"{'decided':>10}  {decision.outcome} in {ms:.1f} ms")


@main.command()
def chat() -> None:
    """Hold a conversation in the terminal; it is stored as from any other channel."""
    from bot.terminal import converse

    config = _config()
    _stored(converse(config, _knowledge(config.retention_days)))


@main.command()
@click.option("--aged", default=365, show_default=True, help="List texts not compared for so many days.")
def check(aged: int) -> None:
    """Check all content; print `path: problem` and exit 1 on errors."""
    from bot.checking import aged_texts, check_all

    findings = check_all()
    for finding in findings:
        click.echo(finding)
    if findings:
        raise SystemExit(1)
    for line in aged_texts(aged):
        click.echo(line)
    click.echo("content: no problems")


@main.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--brief", is_flag=True, help="Leave out the list of questions that went wrong.")
def evaluate(files: tuple[Path, ...], *, brief: bool) -> None:
    """Run labelled questions, also folded and with slips; print a table and, last, one JSON object."""
    from bot import evaluate as evaluation
    from bot.memory import kept
    from bot.variants import VARIANTS

    knowledge, now = kept(_knowledge()), dt.datetime.now(dt.UTC)  # as the service does
    asked = []
    rows = []
    wrong = []
    for path in files:
        try:
            questions = evaluation.read_questions(path)
        except ValueError as error:
            _fail(str(error))
        answers = [evaluation.judge(q, knowledge, now) for q in questions]
        asked += questions
        wrong += [f"{path.name}: {line}" for line in evaluation.wrong(answers)]
        styles = evaluation.by_style(answers).items()
        rows.append((path.name, answers))
        rows += [(f"  {style}", part) for style, part in styles]
    total = [one for name, answers in rows if not name.startswith(" ") for one in answers]
    rows.append(("all", total))
    summary = evaluation.summary(total)
    for name, change in VARIANTS.items():
        varied = [evaluation.judge(q, knowledge, now) for q in evaluation.varied(asked, change)]
        rows.append((f"all, {name}", varied))
        found = evaluation.summary(varied)
        summary |= {f"{name}_{figure}": found[figure] for figure in ("top1", "top3", "direct_wrong")}
    if not brief:
        click.echo("\n".join(wrong))
    _table([(name, evaluation.summary(answers)) for name, answers in rows])
    click.echo(json.dumps(summary))


@main.command()
def learn() -> None:
    """Learn anew, from all names and examples, which service or kind is meant; takes about two minutes."""
    from bot.learning import learn as learn_ranking
    from bot.learning import write_ranking
    from bot.learning_tones import learn_tones, write_tones
    from content.files import ROOT
    from content.loader import load

    content = load()
    kinds = learn_tones(content, click.echo)
    write_tones(kinds.tones, ROOT / "tones.json")
    click.echo(
        f"{kinds.unseen} messages kept back: {kinds.right:.1%} of other kinds heard as what they are, "
        f"{kinds.mistaken:.1%} of questions about services mistaken"
    )
    learnt = learn_ranking(content, click.echo)
    write_ranking(learnt.ranking, ROOT / "ranking.json")
    click.echo(
        f"{learnt.asked} wordings asked of an index without them: right first {learnt.first:.1%}, "
        f"by nearness alone {learnt.hand_made:.1%}"
    )


@main.command()
def migrate() -> None:
    """Bring the database up to date."""
    from storage.migrate import upgrade

    _stored(upgrade(_config().database_url))
    click.echo("the database is up to date")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database to FILE."""
    from storage.backup import backup as write

    _stored(write(_config().database_url, file))
    click.echo(f"written: {file}")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what the database holds.")
def restore(file: Path, *, force: bool) -> None:
    """Read the database back from FILE."""
    from storage.backup import restore as read

    _stored(read(_config().database_url, file, force=force))
    click.echo(f"restored from: {file}")


@main.command()
@click.option("--people", default=2000, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 730), help="Up to now.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Others make others up.")
def simulate(people: int, days: int, seed: int) -> None:
    """Fill an empty database with made-up people; the desk says so on every page, and nothing is sent."""
    from bot.simulation.people import Plan
    from bot.simulation.run import NotEmptyError
    from bot.simulation.run import simulate as fill

    config, started = _config(), time.monotonic()
    plan = Plan(people, days, seed, dt.datetime.now(dt.UTC))
    try:
        messages = _stored(fill(config, _knowledge(config.retention_days), plan, click.echo))
    except NotEmptyError as error:
        _fail(str(error))
    click.echo(f"{messages} messages of {people} made-up people in {time.monotonic() - started:.0f} s")


@main.command()
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@click.option("--format", "form", type=click.Choice(["json", "xlsx"]), default="json", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File; else it is printed (json)."
)
def report(first: dt.datetime, last: dt.datetime, form: str, out: Path | None) -> None:
    """Write all figures of a period: the same numbers as the desk shows."""
    from bot.report import make
    from storage.days import Period

    if last < first:
        _fail("--to is before --from")
    if form != "json" and out is None:
        _fail("--out is needed for a workbook")
    made = _stored(make.report(_config(), _knowledge(), Period(first.date(), last.date()), form))
    if out is None:
        click.echo(made.decode())
    else:
        out.write_bytes(made)


@main.group()
def corrections() -> None:
    """Show what staff corrected at the desk, or write it back into content files."""


@corrections.command("list")
def list_corrections() -> None:
    """Print every correction that holds, oldest first."""
    from bot.corrections import line
    from bot.terminal import corrections_held

    for one in _stored(corrections_held(_config())):
        click.echo(line(one))


@corrections.command("export")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
def export_corrections(folder: Path) -> None:
    """Write to a new FOLDER the content with the phrases as examples, and the facts in a file beside it."""
    from bot.exporting import ExportError, export
    from bot.terminal import corrections_held

    held = _stored(corrections_held(_config()))
    try:
        exported = export(held, folder)
    except (ExportError, OSError) as error:
        _fail(str(error))
    for finding in exported.findings:
        click.echo(finding)
    click.echo(f"written: {exported.phrases} phrases into {folder}/content, {exported.facts} facts beside it")
    if exported.findings:
        raise SystemExit(1)


@main.command()
def purge() -> None:
    """Forget texts whose time has passed; the running service does so every hour."""
    from bot.terminal import purge_now

    _stored(purge_now(_config()))


@main.group()
def staff() -> None:
    """Care for the accounts of the staff desk."""


@staff.command("add")
@click.argument("login")
@click.option("--name", required=True, help="Of the person.")
@click.option("--unit", default="", help="The office, as citizens may read it.")
@click.option("--role", type=click.Choice(["viewer", "editor", "admin"]), required=True)
@click.option("--commune", default="", help="Code, for an account of one commune.")
@click.option("--email", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def staff_add(login: str, *, password_stdin: bool, role: str, commune: str, **about: str) -> None:
    """Make an account; the password is asked for."""
    from bot.staff import commands
    from bot.staff.views.accounts import LOGIN
    from content.loader import load
    from storage.staff import NewAccount, Role

    if not LOGIN.fullmatch(login):
        _fail("a login has 3 to 60 letters, digits, dots, dashes or @")
    if commune and commune not in load().places.communes:
        _fail(f"there is no commune {commune}: content/places/communes.csv lists them")
    new = NewAccount(login=login, role=Role(role), commune=commune, password_hash="", **about)
    _stored(commands.add(_config(), new, _password(stdin=password_stdin)))
    click.echo(f"made: {login}")


@staff.command("list")
def staff_list() -> None:
    """Print all accounts."""
    from bot.staff import commands

    _stored(commands.listed(_config(), click.echo))


@staff.command("disable")
@click.argument("login")
def staff_disable(login: str) -> None:
    """Keep somebody out; what they did keeps their name."""
    from bot.staff import commands

    _stored(commands.switch(_config(), login, disable=True))
    click.echo(f"disabled: {login}")


@staff.command("enable")
@click.argument("login")
def staff_enable(login: str) -> None:
    """Let somebody in again."""
    from bot.staff import commands

    _stored(commands.switch(_config(), login, disable=False))
    click.echo(f"enabled: {login}")


@staff.command("password")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read it from standard input.")
def staff_password(login: str, *, password_stdin: bool) -> None:
    """Give somebody another password."""
    from bot.staff import commands

    _stored(commands.set_password(_config(), login, _password(stdin=password_stdin)))
    click.echo(f"changed: {login}")


def _password(*, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    password: str = click.prompt("password", hide_input=True, confirmation_prompt=True)
    return password


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("--refresh", is_flag=True, help="Renew the tokens of the Zalo official account.")
@click.option("--tell", is_flag=True, help="Send operators a message to see whether it arrives.")
def doctor(*, as_json: bool, refresh: bool, tell: bool) -> None:
    """Check settings, database, address and services, say what to do; exit 1 when there is a problem."""
    from bot.doctor.finding import Grade
    from bot.logs import set_up_logs

    set_up_logs("CRITICAL")  # what is found is printed, not logged
    found = asyncio.run(_examined(refresh=refresh, tell=tell))
    counts = {grade.value: sum(finding.grade is grade for finding in found) for grade in Grade}
    click.echo(", ".join(f"{grade}: {count}" for grade, count in counts.items()))
    if as_json:
        click.echo(
            json.dumps({**counts, "findings": [dataclasses.asdict(f) for f in found]}, ensure_ascii=False)
        )
    if counts[Grade.PROBLEM]:
        raise SystemExit(1)


async def _examined(*, refresh: bool, tell: bool) -> list[Finding]:
    """Print findings as they come."""
    from bot.doctor.examine import examine
    from bot.doctor.finding import line

    found = []
    async for finding in examine(refresh=refresh, tell=tell):
        click.echo(line(finding))
        found.append(finding)
    return found


def _stored(work: Coroutine[None, None, T]) -> T:
    from bot.config import ConfigError
    from storage.errors import StorageError

    try:
        return asyncio.run(work)
    except (ConfigError, StorageError) as error:
        _fail(str(error))


def _config() -> Config:
    from bot.config import ConfigError, load_config

    try:
        return load_config()
    except ConfigError as error:
        _fail(f"settings:\n{error}")


def _knowledge(retention_days: int = RETENTION_DAYS) -> Knowledge:
    from content.files import ContentError
    from content.loader import load
    from intents.knowledge import prepare

    try:
        knowledge = prepare(load(), retention_days)
    except ContentError as error:
        _fail(f"content:\n{error}")
    gc.freeze()  # a search for unused objects through all of it costs 0.1 s
    return knowledge


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(2)


def _decide(turns: Iterable[str], knowledge: Knowledge) -> list[tuple[Decision, float]]:
    from intents.engine import decide
    from intents.turn import DialogueState, Inbound, Kind

    state: DialogueState = DialogueState()
    decided = []
    for text in turns:
        started = time.perf_counter()
        decision = decide(Inbound(Kind.TEXT, text), state, knowledge, dt.datetime.now(dt.UTC))
        decided.append((decision, (time.perf_counter() - started) * 1000))
        state = decision.state
    return decided


def _ask_lines(knowledge: Knowledge) -> None:
    from bot.memory import kept

    kept(knowledge)
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            row = json.loads(line)
            turns = _turns(row["turns"])
        except (ValueError, KeyError, TypeError):
            click.echo(json.dumps({"id": None, "error": f"line {number}: not a conversation"}))
            continue
        said = [_turn(decision, ms) for decision, ms in _decide(turns, knowledge)]
        click.echo(json.dumps({"id": row.get("id"), "turns": said}, ensure_ascii=False))


def _turns(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError("a list of texts is needed")
    return value


def _turn(decision: Decision, ms: float) -> dict[str, object]:
    return {
        "outcome": decision.outcome,
        "topic": decision.topic,
        "aspect": decision.aspect,
        "services": [{"code": c.code, "score": c.score} for c in decision.services],
        "text": "\n\n".join(reply.text for reply in decision.replies).replace("**", ""),
        "buttons": [button.label for reply in decision.replies for button in reply.buttons],
        "ms": round(ms, 2),
    }


def _table(rows: list[tuple[str, dict[str, float]]]) -> None:
    columns = list(rows[0][1])
    click.echo(f"{'':24}" + "".join(f"{c:>13}" for c in columns))
    for name, figures in rows:
        click.echo(f"{name:24}" + "".join(f"{figures[c]:>13g}" for c in columns))
