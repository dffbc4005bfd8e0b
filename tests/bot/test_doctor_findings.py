"""What each measurement means: how bad it is, and what to do next."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from bot.channels.base import ChannelDownError, ChannelTokenSpentError, ChannelUnusableError
from bot.doctor.calls import Said
from bot.doctor.finding import Finding, Grade, line, ok, problem, warning
from bot.doctor.house import (
    CERTIFICATE_DAYS,
    CLOCK_PROBLEM,
    CLOCK_WARNING,
    LEAST_FREE,
    LITTLE_FREE,
    MEGABYTE,
    of_address,
    of_alarms,
    of_alerts,
    of_certificate,
    of_clock,
    of_content,
    of_database,
    of_disk,
    of_key,
    of_queues,
    of_settings,
    of_writing,
)
from bot.doctor.services import (
    MANY_PENDING,
    TokensSeen,
    of_refresh,
    of_telegram,
    of_telegram_webhook,
    of_zalo_bot,
    of_zalo_bot_webhook,
    of_zalo_domain,
    of_zalo_oa,
    of_zalo_tokens,
    of_zalo_webhook,
)
from storage.errors import DatabaseUnavailableError, SchemaNewerError, SchemaOutdatedError, StorageError
from storage.records import Alarm, Backlog
from tests.bot.parts import DAY, NOW, SECOND

HOUR = dt.timedelta(hours=1)
OK, WARNING, PROBLEM = Grade.OK, Grade.WARNING, Grade.PROBLEM
URL = "https://hoidap.made-up.example"


def judged(finding: Finding) -> tuple[Grade, str]:
    """Return grade and advice; whatever is not in order comes with advice."""
    assert bool(finding.todo) == (finding.grade is not OK), finding
    return finding.grade, finding.todo


def answered(status: int = 200, **content: object) -> Said:
    return Said(status, json.dumps(content))


SILENT = Said(cause="connection refused")


def test_a_finding_is_one_line() -> None:
    assert line(ok("clock", "1 s ahead")) == "ok       clock: 1 s ahead"
    assert line(warning("disk", "little room", "make room")) == "warning  disk: little room → make room"
    assert line(problem("disk", "no room", "make room")) == "problem  disk: no room → make room"


# At home


def test_settings_are_told_one_by_one() -> None:
    found = of_settings(["PORT: must be a number", "SECRET_KEY: must be set"], [])
    assert [(f.grade, f.detail) for f in found] == [
        (PROBLEM, "PORT must be a number"),
        (PROBLEM, "SECRET_KEY must be set"),
    ]
    (fine,) = of_settings([], ["webchat", "telegram (polling)"])
    assert (fine.grade, fine.detail) == (OK, "channels: webchat, telegram (polling)")


@pytest.mark.parametrize(
    ("given", "kept", "used", "grade"),
    [
        (True, False, True, OK),
        (False, True, True, OK),
        (False, False, False, OK),
        (False, False, True, PROBLEM),
    ],
)
def test_a_key_must_be_there_where_there_are_people(
    *, given: bool, kept: bool, used: bool, grade: Grade
) -> None:
    assert judged(of_key("data/secret.key", given=given, kept=kept, used=used))[0] is grade


@pytest.mark.parametrize(
    ("error", "local", "grade", "todo"),
    [
        (None, True, OK, ""),
        (SchemaOutdatedError("old"), True, WARNING, "start the service"),
        (SchemaOutdatedError("old"), False, PROBLEM, "run python -m bot migrate"),
        (SchemaNewerError("new"), True, PROBLEM, "install the newer version"),
        (DatabaseUnavailableError("gone"), True, PROBLEM, "rights"),
        (DatabaseUnavailableError("gone"), False, PROBLEM, "PostgreSQL"),
    ],
)
def test_a_database_is_reached_and_fits(
    *, error: StorageError | None, local: bool, grade: Grade, todo: str
) -> None:
    found = judged(of_database("the database", error, local=local, exists=True))
    assert found[0] is grade
    assert todo in found[1]


def test_a_database_that_is_not_there_yet_is_made() -> None:
    assert judged(of_database("the file", None, local=True, exists=False))[0] is WARNING


def test_a_database_must_take_what_is_written() -> None:
    assert judged(of_writing(None))[0] is OK
    assert judged(of_writing(DatabaseUnavailableError("locked")))[0] is PROBLEM


def test_queues_may_wait_as_long_as_the_settings_say() -> None:
    limit = 10 * 60 * SECOND
    empty = of_queues(Backlog(), Backlog(), limit, NOW)
    assert (empty.grade, empty.detail) == (OK, "nothing waits")
    short = of_queues(Backlog(3, NOW - limit + SECOND), Backlog(), limit, NOW)
    assert (short.grade, short.detail) == (OK, "waiting: messages 3 (for 9 min)")
    long = of_queues(Backlog(3, NOW), Backlog(1, NOW - limit), limit, NOW)
    assert judged(long)[0] is WARNING
    assert long.detail == "waiting: messages 3 (for 0 min), replies 1 (for 10 min)"


def test_alarms_that_last_are_told_again() -> None:
    lasting = Alarm("telegram silent", "no message for 26 h", NOW - 2 * HOUR)
    (found,) = of_alarms([lasting, Alarm("outbox waits", "x", NOW - HOUR, over_at=NOW)], NOW)
    assert judged(found)[0] is WARNING
    assert found.detail == "telegram silent, for 2 h: no message for 26 h"


@pytest.mark.parametrize(
    ("free", "database", "grade"),
    [
        (LITTLE_FREE, 0, OK),
        (LITTLE_FREE - 1, 0, WARNING),
        (LITTLE_FREE, LITTLE_FREE // 2 + 1, WARNING),
        (LEAST_FREE, 0, WARNING),
        (LEAST_FREE - 1, 0, PROBLEM),
    ],
)
def test_a_disk_needs_room_to_write_the_database_once_more(free: int, database: int, grade: Grade) -> None:
    assert judged(of_disk(free, database))[0] is grade


def test_the_room_is_told_in_megabytes() -> None:
    assert of_disk(2048 * MEGABYTE, 7 * MEGABYTE).detail == "2,048 MB free beside a database of 7 MB"


def test_content_that_cannot_be_loaded_is_named() -> None:
    assert judged(of_content(2905, []))[0] is OK
    found = of_content(0, ["topics/x.yaml: unknown key", "y", "z"])
    assert judged(found)[0] is PROBLEM
    assert found.detail == "topics/x.yaml: unknown key and 2 more"


ALIVE = Said(200, json.dumps({"status": "alive"}))


@pytest.mark.parametrize(
    ("url", "unknown", "health", "webhooks", "grades"),
    [
        ("", "", Said(), False, [WARNING]),
        (URL, "its name is not known", SILENT, True, [PROBLEM]),
        (URL, "", ALIVE, True, [OK, OK]),
        ("http://hoidap.made-up.example", "", ALIVE, False, [WARNING, OK]),
        ("http://hoidap.made-up.example", "", ALIVE, True, [PROBLEM, OK]),
        (URL, "", SILENT, False, [OK, PROBLEM]),
        (URL, "", Said(200, "<html>welcome</html>"), False, [OK, PROBLEM]),
        (URL, "", Said(502, "bad gateway"), False, [OK, PROBLEM]),
    ],
)
def test_a_public_address_leads_to_us(
    *, url: str, unknown: str, health: Said, webhooks: bool, grades: list[Grade]
) -> None:
    assert [judged(f)[0] for f in of_address(url, unknown, health, webhooks=webhooks)] == grades


@pytest.mark.parametrize(
    ("end", "grade"),
    [
        (NOW + CERTIFICATE_DAYS * DAY, OK),
        (NOW + CERTIFICATE_DAYS * DAY - SECOND, WARNING),
        (NOW + SECOND, WARNING),
        ("its certificate is not believed: certificate has expired", PROBLEM),
    ],
)
def test_a_certificate_is_renewed_in_time(end: dt.datetime | str, grade: Grade) -> None:
    assert judged(of_certificate(end, NOW))[0] is grade


@pytest.mark.parametrize(
    ("ahead", "grade", "said"),
    [
        ({}, OK, "not compared"),
        ({"Telegram": 0.4, "Zalo": -1.0}, OK, "1 s behind that of Zalo"),
        ({"Telegram": CLOCK_WARNING}, OK, "30 s ahead of that of Telegram"),
        ({"Telegram": CLOCK_WARNING + 1, "Zalo": -2.0}, WARNING, "31 s ahead of that of Telegram"),
        ({"Zalo": -CLOCK_PROBLEM}, WARNING, "300 s behind that of Zalo"),
        ({"Zalo": -CLOCK_PROBLEM - 1}, PROBLEM, "301 s behind that of Zalo"),
    ],
)
def test_a_clock_goes_as_those_of_the_services(ahead: dict[str, float], grade: Grade, said: str) -> None:
    found = of_clock(ahead)
    assert judged(found)[0] is grade
    assert said in found.detail


def test_operators_are_told_somewhere() -> None:
    (nowhere,) = of_alerts([], None)
    (untried,) = of_alerts(["mail", "telegram"], None)
    assert (judged(nowhere)[0], judged(untried)[0]) == (WARNING, OK)
    tried = list(of_alerts(["mail", "telegram"], {"mail": "SMTPAuthenticationError 535", "telegram": ""}))
    assert [(judged(f)[0], f.detail) for f in tried] == [
        (PROBLEM, "mail: not told (SMTPAuthenticationError 535)"),
        (OK, "telegram: told"),
    ]


# Telegram and the Zalo Bot Platform


@pytest.mark.parametrize(
    ("said", "grade", "todo"),
    [
        (answered(ok=True, result={"username": "made_up_bot"}), OK, ""),
        (
            answered(401, ok=False, error_code=401, description="Unauthorized"),
            PROBLEM,
            "correct TELEGRAM_TOKEN",
        ),
        (answered(404, ok=False, error_code=404, description="Not Found"), PROBLEM, "correct TELEGRAM_TOKEN"),
        (SILENT, PROBLEM, "block Telegram"),
        (Said(200, "<html>blocked</html>"), PROBLEM, "proxy"),
        (Said(200, "[" * 5000), PROBLEM, "proxy"),
    ],
)
def test_telegram_knows_us(said: Said, grade: Grade, todo: str) -> None:
    found = judged(of_telegram(said))
    assert found[0] is grade
    assert todo in found[1]


@pytest.mark.parametrize(
    ("said", "grade", "todo"),
    [
        (answered(ok=True, result={"account_name": "bot.madeUp"}), OK, ""),
        (answered(200, ok=False, error_code=401, description="…"), PROBLEM, "correct ZALO_BOT_TOKEN"),
        (SILENT, PROBLEM, "Vietnamese IP address"),
    ],
)
def test_the_zalo_bot_platform_knows_us(said: Said, grade: Grade, todo: str) -> None:
    found = judged(of_zalo_bot(said))
    assert found[0] is grade
    assert todo in found[1]


HOOK = f"{URL}/webhook/telegram"
RECENTLY, BEFORE = int((NOW - 60 * SECOND).timestamp()), int((NOW - HOUR).timestamp())
KINDS = ("message", "callback_query")


@pytest.mark.parametrize(
    ("info", "wanted", "grade", "said"),
    [
        ({"url": ""}, "", OK, "polled"),
        ({"url": HOOK}, HOOK, OK, HOOK),
        ({"url": ""}, HOOK, PROBLEM, "none is registered"),
        ({"url": "https://other.example/hook"}, HOOK, PROBLEM, "another address"),
        ({"url": HOOK}, "", PROBLEM, "polling brings nothing"),
        ({"url": HOOK, "pending_update_count": MANY_PENDING}, HOOK, OK, HOOK),
        ({"url": HOOK, "pending_update_count": MANY_PENDING + 1}, HOOK, WARNING, "101 updates wait"),
        ({"url": HOOK, "last_error_date": BEFORE, "last_error_message": "502"}, HOOK, OK, HOOK),
        (
            {"url": HOOK, "last_error_date": RECENTLY, "last_error_message": "502"},
            HOOK,
            WARNING,
            "deliver: 502",
        ),
        (
            {"url": HOOK, "last_error_date": RECENTLY, "pending_update_count": 3},
            HOOK,
            PROBLEM,
            "3 wait; 1 min ago",
        ),
        ({"url": HOOK, "allowed_updates": ["message"]}, HOOK, WARNING, "does not bring callback_query"),
        ({"url": HOOK, "allowed_updates": ["callback_query", "message", "poll"]}, HOOK, OK, HOOK),
    ],
)
def test_telegram_sends_updates_where_they_are_expected(
    info: dict[str, object], wanted: str, grade: Grade, said: str
) -> None:
    found = of_telegram_webhook(answered(ok=True, result=info), wanted, KINDS, NOW)
    assert judged(found)[0] is grade
    assert said in found.detail


def test_a_webhook_that_is_not_told_is_a_problem() -> None:
    assert judged(of_telegram_webhook(SILENT, HOOK, KINDS, NOW))[0] is PROBLEM
    assert judged(of_zalo_bot_webhook(Said(500, "{}"), HOOK))[0] is PROBLEM


@pytest.mark.parametrize(
    ("said", "wanted", "grade"),
    [
        (answered(ok=True, result={"url": HOOK}), HOOK, OK),
        (answered(404, ok=False, error_code=404), "", OK),
        (answered(200, ok=False, error_code=404), HOOK, PROBLEM),
        (answered(ok=True, result={"url": HOOK}), "", PROBLEM),
        (answered(ok=True, result={"url": ""}), HOOK, PROBLEM),
    ],
)
def test_the_zalo_bot_platform_sends_messages_where_they_are_expected(
    said: Said, wanted: str, grade: Grade
) -> None:
    assert judged(of_zalo_bot_webhook(said, wanted))[0] is grade


# The official account


@pytest.mark.parametrize(
    ("seen", "grade", "said"),
    [
        (TokensSeen(), PROBLEM, "there are none"),
        (TokensSeen(first=True), WARNING, "not exchanged yet"),
        (TokensSeen(NOW - HOUR, first=True), WARNING, "not exchanged yet"),
        (TokensSeen(unreadable=True), PROBLEM, "SECRET_KEY"),
        (TokensSeen(NOW - 20 * HOUR), OK, "renewed 20 h ago"),
        (TokensSeen(NOW - 21 * HOUR), WARNING, "renewed 21 h ago"),
        (TokensSeen(NOW - 25 * HOUR), WARNING, "the access token is over"),
        (TokensSeen(NOW - 90 * DAY + SECOND), WARNING, "the access token is over"),
        (TokensSeen(NOW - 90 * DAY), PROBLEM, "lives 3 months"),
    ],
)
def test_tokens_are_fresh(seen: TokensSeen, grade: Grade, said: str) -> None:
    found = of_zalo_tokens(seen, NOW)
    assert judged(found)[0] is grade
    assert said in found.detail


ACCOUNT = {"oa_id": "4711", "name": "Made-up account"}


@pytest.mark.parametrize(
    ("said", "token", "grade", "todo"),
    [
        (answered(error=0, data=ACCOUNT), True, OK, ""),
        (answered(error=0, data={}), True, OK, ""),
        (answered(error=0, data={"oa_id": "4712"}), True, PROBLEM, "ZALO_OA_ID"),
        (answered(error=-216, message="…"), True, PROBLEM, "--refresh"),
        (answered(error=-216, message="…"), False, OK, ""),
        (answered(error=-224, message="…"), True, PROBLEM, "package"),
        (SILENT, True, PROBLEM, "Vietnamese IP address"),
        (Said(200, "<html>"), True, PROBLEM, "Vietnamese IP address"),
    ],
)
def test_the_account_answers(*, said: Said, token: bool, grade: Grade, todo: str) -> None:
    found = judged(of_zalo_oa(said, "4711", token=token))
    assert found[0] is grade
    assert todo in found[1]


def test_what_a_number_means_is_said() -> None:
    found = of_zalo_oa(answered(error=-224), "", token=True)
    assert found.detail == "the account's package does not include this interface (-224)"


def test_renewing_ends_well_or_with_advice() -> None:
    assert judged(of_refresh(None))[0] is OK
    assert "authorise the app anew" in judged(of_refresh(ChannelTokenSpentError("spent")))[1]
    assert "authorise the app anew" in judged(of_refresh(ChannelUnusableError("no")))[1]
    assert "Vietnamese IP address" in judged(of_refresh(ChannelDownError("ClientConnectorError")))[1]


def test_zalos_console_may_try_our_address() -> None:
    assert judged(of_zalo_webhook(Said(200, "")))[0] is OK
    assert judged(of_zalo_webhook(Said(404, "")))[0] is PROBLEM
    assert judged(of_zalo_webhook(SILENT))[0] is PROBLEM


def test_the_domain_is_shown_to_be_ours() -> None:
    assert judged(of_zalo_domain(None, ""))[0] is OK
    assert judged(of_zalo_domain(Said(200, '<meta content="AbC-123" />'), "AbC-123"))[0] is OK
    assert judged(of_zalo_domain(Said(200, "<html>"), "AbC-123"))[0] is PROBLEM
    assert judged(of_zalo_domain(Said(404, "AbC-123"), "AbC-123"))[0] is PROBLEM
