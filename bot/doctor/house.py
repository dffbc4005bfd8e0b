"""Judges what belongs to us: settings, database, disk, content, our address, our clock. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from bot.clock import duration
from bot.doctor.calls import Said
from bot.doctor.finding import Finding, ok, problem, warning
from storage.errors import SchemaNewerError, SchemaOutdatedError, StorageError
from storage.records import Alarm, Backlog

CERTIFICATE_DAYS = 14
CLOCK_WARNING, CLOCK_PROBLEM = 30, 300
"""Seconds."""
MEGABYTE = 1024 * 1024
LEAST_FREE, LITTLE_FREE = 100 * MEGABYTE, 1024 * MEGABYTE
"""Bytes."""
NEW = "a first start makes it"
RUNS = "see that the service runs and that the proxy passes everything on to it"


def of_settings(problems: Sequence[str], channels: Sequence[str]) -> list[Finding]:
    """Judge the settings: one problem a line, each beginning with the name."""
    if not problems:
        return [ok("settings", f"channels: {', '.join(channels)}")]
    told = (text.partition(": ") for text in problems)
    return [
        problem("settings", f"{name} {why}", "correct it in the environment or .env") for name, _, why in told
    ]


def of_key(where: str, *, given: bool, kept: bool, used: bool) -> Finding:
    """Judge the secret key: given as a setting, kept in a file, and whether a database needs the old one."""
    if given:
        return ok("secret key", "from SECRET_KEY")
    if kept:
        return ok("secret key", f"in {where}; keep a copy somewhere else")
    if used:
        return problem(
            "secret key",
            f"{where} is missing",
            "put it back from your copy: without it nobody is recognised or answered",
        )
    return ok("secret key", f"none yet: {NEW}")


def of_database(place: str, error: StorageError | None, *, local: bool, exists: bool) -> Finding:
    """Judge how the database was reached and whether its schema fits."""
    if not exists:
        return warning("database", f"{place} does not exist yet", f"start the service: {NEW}")
    match error:
        case None:
            return ok("database", f"{place} has the newest schema")
        case SchemaOutdatedError() if local:
            return warning("database", str(error), "start the service: it brings the file up to date")
        case SchemaOutdatedError():
            return problem("database", str(error), "run python -m bot migrate")
        case SchemaNewerError():
            return problem("database", str(error), "install the newer version")
    ours, theirs = (
        "see its folder: rights, space, what else uses it",
        "see that PostgreSQL runs, and DATABASE_URL",
    )
    todo = ours if local else theirs
    return problem("database", str(error), todo)


def of_writing(error: StorageError | None) -> Finding:
    """Judge whether the database takes what is written."""
    if error is None:
        return ok("writing", "the database can be written to")
    return problem("writing", str(error), "see rights and space, and what else uses the database")


def of_queues(inbox: Backlog, outbox: Backlog, limit: dt.timedelta, now: dt.datetime) -> Finding:
    """Judge what waits."""
    waits = {what: queue for what, queue in (("messages", inbox), ("replies", outbox)) if queue.number}
    said = ", ".join(
        f"{what} {queue.number} (for {duration(now - (queue.since or now))})" for what, queue in waits.items()
    )
    if any(queue.since and now - queue.since >= limit for queue in waits.values()):
        return warning("queues", f"waiting: {said}", "see that the service runs, and its log")
    return ok("queues", f"waiting: {said}" if said else "nothing waits")


def of_alarms(alarms: Sequence[Alarm], now: dt.datetime) -> list[Finding]:
    """Judge the alarms that last."""
    lasting = [alarm for alarm in alarms if alarm.over_at is None]
    return [
        warning(
            "alarm",
            f"{alarm.name}, for {duration(now - alarm.since)}: {alarm.detail}",
            "see what operators were told",
        )
        for alarm in lasting
    ]


def of_disk(free: int, database: int) -> Finding:
    """Judge the space beside a database file; rewriting the file takes as much again."""
    said = f"{free // MEGABYTE:,} MB free beside a database of {database // MEGABYTE:,} MB"
    if free < LEAST_FREE:
        return problem("disk", said, "make room now: without it nothing can be stored")
    if free < LITTLE_FREE or free < 2 * database:
        return warning("disk", said, "make room, or move the database to a larger disk")
    return ok("disk", said)


def of_content(services: int, mistakes: Sequence[str]) -> Finding:
    """Judge whether the content could be loaded."""
    if mistakes:
        more = f" and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
        return problem("content", f"{mistakes[0]}{more}", "run python -m bot check and correct it")
    return ok("content", f"{services:,} services")


def of_address(url: str, unknown: str, health: Said, *, webhooks: bool) -> list[Finding]:
    """Judge our public address: whether its name leads somewhere and whether it is us who answer."""
    if not url:
        return [
            warning(
                "public address", "PUBLIC_URL is not set", "set it to the https address that citizens use"
            )
        ]
    if unknown:
        return [problem("public address", f"{url}: {unknown}", "correct PUBLIC_URL or the entry in the DNS")]
    return [_scheme(url, webhooks=webhooks), _health(health)]


def _scheme(url: str, *, webhooks: bool) -> Finding:
    if url.startswith("https://"):
        return ok("public address", url)
    todo = "let a proxy do https and set PUBLIC_URL to the https address"
    if webhooks:
        return problem("public address", f"{url} is not https, which webhooks need", todo)
    return warning("public address", f"{url} is not https", todo)


def _health(health: Said) -> Finding:
    if health.content.get("status") == "alive":
        return ok("health", "the service answers at its public address")
    if health.cause:
        return problem("health", f"nobody answers at the public address: {health.cause}", RUNS)
    return problem("health", f"somebody else answers there (status {health.status})", RUNS)


def of_certificate(end: dt.datetime | str, now: dt.datetime) -> Finding:
    """Judge a certificate by its end, or by why it is not believed."""
    if isinstance(end, str):
        return problem("certificate", end, "renew it, with its whole chain and for this name")
    days = (end - now).days
    if days < CERTIFICATE_DAYS:
        return warning("certificate", f"valid for {days} days more", "see why it is not renewed by itself")
    return ok("certificate", f"valid for {days} days more")


def of_clock(ahead: Mapping[str, float]) -> Finding:
    """Judge our clock by those of services: seconds ahead, negative when behind."""
    if not ahead:
        return ok("clock", "not compared: no service outside answered")
    service, seconds = max(ahead.items(), key=lambda found: abs(found[1]))
    said = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} that of {service}"
    todo = "let the machine set its clock by itself: timedatectl set-ntp true"
    if abs(seconds) > CLOCK_PROBLEM:
        return problem("clock", said, todo)
    return warning("clock", said, todo) if abs(seconds) > CLOCK_WARNING else ok("clock", said)


def of_alerts(names: Sequence[str], told: Mapping[str, str] | None) -> Iterator[Finding]:
    """Judge where operators are told, and of those that were tried, why it failed."""
    if not names:
        yield warning(
            "alerts",
            "alarms stand only in the log",
            "set where they go: ALERT_MAIL_TO, ALERT_TELEGRAM_CHAT …",
        )
    elif told is None:
        yield ok("alerts", f"told by {', '.join(names)}; --tell tries it")
    for name, why in (told or {}).items():
        if why:
            yield problem("alerts", f"{name}: not told ({why})", "correct its ALERT_… settings")
        else:
            yield ok("alerts", f"{name}: told")
