"""The doctor on loopback: a whole service with all its channels, and what can be wrong with each."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.app import create_app
from bot.channels.json_client import JsonClient
from bot.clock import utc_now
from bot.config import Config
from bot.doctor import calls, examine, home
from bot.doctor.examine import Doctor
from bot.doctor.finding import Finding, Grade, line
from bot.fakes.scene import foreign_page, held
from bot.fakes.telegram import TOKEN, FakeTelegram
from bot.fakes.zalo_bot import TOKEN as ZALO_BOT_TOKEN
from bot.fakes.zalo_bot import FakeZaloBot, fake_zalo_bot
from bot.fakes.zalo_oa import (
    AN,
    APP_ID,
    APP_SECRET,
    OA_ID,
    TOKENS,
    WEBHOOK_SECRET,
    FakeZaloOA,
    fake_zalo_oa,
)
from bot.leases import Lease
from bot.wiring import zalo_keeper
from intents.knowledge import Knowledge
from storage.migrate import upgrade
from storage.secrets import PersonKeys
from storage.unit_of_work import Storage
from tests.bot.tls import certified

OK, WARNING, PROBLEM = Grade.OK, Grade.WARNING, Grade.PROBLEM
KEY, HOOK_SECRET = "a secret of the tests", "a-Secret_1"
ROOM = 4001
DAY = dt.timedelta(days=1)
SECRETS = (
    *(KEY, HOOK_SECRET, str(ROOM), AN),
    *(TOKEN, ZALO_BOT_TOKEN, APP_SECRET, WEBHOOK_SECRET, "made-up-access", "made-up-refresh"),
)
Settings = Mapping[str, object]
Trust = tuple[ssl.SSLContext, ssl.SSLContext]
Serve = Callable[..., Awaitable[Config]]


@pytest.fixture(autouse=True)
def _loaded(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load the content once for all tests."""
    monkeypatch.setattr(examine, "_load", lambda _days: knowledge)


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloOA]:
    async with fake_zalo_oa() as zalo:
        yield zalo


@pytest.fixture
async def zalo_bot() -> AsyncIterator[FakeZaloBot]:
    async with fake_zalo_bot(pinging=False) as zalo_bot:
        yield zalo_bot


async def found(doctor: Doctor) -> list[Finding]:
    """Examine; nothing that is told may hold a secret or name anybody."""
    told = [finding async for finding in doctor.findings()]
    text = "\n".join(map(line, told))
    assert not [secret for secret in SECRETS if secret in text], text
    return told


async def named(doctor: Doctor) -> dict[str, Finding]:
    """Examine; return the findings by name."""
    return {finding.name: finding for finding in await found(doctor)}


def graded(told: list[Finding]) -> list[tuple[str, Grade]]:
    return [(finding.name, finding.grade) for finding in told]


def a_config(database_url: str, **settings: object) -> Config:
    return Config.model_validate({"database_url": database_url, "secret_key": KEY} | settings)


# A machine on which nothing was started yet


async def test_on_a_fresh_machine_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    told = await found(Doctor(a_config(f"sqlite+aiosqlite:///{folder}/bot.db", secret_key="")))
    assert graded(told) == [
        ("settings", OK),
        ("secret key", OK),
        ("database", WARNING),
        ("disk", OK),
        ("content", OK),
        ("public address", WARNING),
        ("clock", OK),
        ("alerts", WARNING),
    ]
    assert not folder.exists()


# A whole service


@pytest.fixture
def everything(sqlite_url: str, fake: FakeTelegram, zalo: FakeZaloOA, zalo_bot: FakeZaloBot) -> Settings:
    """Name the settings of a service with all channels by webhook."""
    fake.pushing = zalo.pushing = zalo_bot.pushing = False
    return {
        "database_url": sqlite_url,
        "secret_key": KEY,
        "public_url": f"http://127.0.0.1:{unused_port()}",
        "telegram_token": TOKEN,
        "telegram_api_url": fake.url,
        "telegram_mode": "webhook",
        "telegram_webhook_secret": HOOK_SECRET,
        "zalo_oa_app_id": APP_ID,
        "zalo_oa_app_secret": APP_SECRET,
        "zalo_oa_webhook_secret": WEBHOOK_SECRET,
        "zalo_oa_refresh_token": zalo.tokens.refresh,
        "zalo_oa_id": OA_ID,
        "zalo_oa_api_url": zalo.url,
        "zalo_oa_oauth_url": zalo.url,
        "zalo_site_verification": "AbC-123",
        "zalo_bot_token": ZALO_BOT_TOKEN,
        "zalo_bot_api_url": zalo_bot.url,
        "zalo_bot_mode": "webhook",
        "zalo_bot_webhook_secret": HOOK_SECRET,
        "alert_telegram_chat": str(ROOM),
    }


@pytest.fixture
async def config(everything: Settings, sqlite_url: str) -> Config:
    """Return all settings, for a service that does not run; its database is there."""
    await upgrade(sqlite_url)
    return Config.model_validate(everything)


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    """Make a certificate: what a server shows, and what believes it."""
    return certified(tmp_path, utc_now() + 365 * DAY)


@pytest.fixture
async def serve(config: Config, knowledge: Knowledge, trust: Trust) -> AsyncIterator[Serve]:
    """Return what runs the service, with https, until the test ends; its first token is exchanged then."""
    servers: list[TestServer] = []

    async def serve(**changed: str) -> Config:
        port = unused_port()
        served = config.model_copy(update={"public_url": f"https://127.0.0.1:{port}", **changed})
        servers.append(TestServer(create_app(served, knowledge), scheme="https", port=port))
        await servers[-1].start_server(ssl=trust[0])
        await _tokens_stored(served)
        return served

    yield serve
    for server in servers:
        await server.close()


async def _tokens_stored(config: Config) -> None:
    storage = Storage(config.database_url)
    async with asyncio.timeout(15):
        while True:
            async with storage.reading() as unit:
                if await unit.tokens.load("zalo_oa"):
                    break
            await asyncio.sleep(0.01)
    await storage.close()


async def test_a_whole_service_is_in_order(
    serve: Serve, trust: Trust, fake: FakeTelegram, zalo: FakeZaloOA, zalo_bot: FakeZaloBot
) -> None:
    config = await serve()
    await fake.until(lambda: fake.webhook[0])
    await zalo_bot.until(lambda: zalo_bot.webhook[0])
    told = await found(Doctor(config, trusted=trust[1]))
    assert [line(finding) for finding in told if finding.grade is not OK] == []
    assert [finding.name for finding in told] == [
        "settings",
        "secret key",
        "database",
        "writing",
        "queues",
        "disk",
        "content",
        "public address",
        "health",
        "certificate",
        "telegram",
        "telegram webhook",
        "zalo oa tokens",
        "zalo oa",
        "zalo oa webhook",
        "zalo oa domain",
        "zalo bot",
        "zalo bot webhook",
        "clock",
        "alerts",
    ]
    assert zalo.tokens.refreshes == 1, "looking spends no token"
    assert not fake.sent, "nothing is sent unless asked for"


async def test_a_trial_goes_everywhere_and_says_where_it_failed(config: Config, fake: FakeTelegram) -> None:
    await fake.says("/start", ROOM)
    mail = {
        "alert_mail_to": ("truc@made-up.example",),
        "alert_mail_from": "tro-ly@made-up.example",
        "alert_smtp_url": f"smtp://127.0.0.1:{unused_port()}",
    }
    told = await found(Doctor(config.model_copy(update=mail), tell=True))
    assert [line(finding) for finding in told if finding.name == "alerts"] == [
        "problem  alerts: mail: not told (ConnectionRefusedError) → correct its ALERT_… settings",
        "ok       alerts: telegram: told",
    ]
    (message,) = fake.texts_to(ROOM)
    assert message.startswith("tin thử")


async def test_a_trial_through_the_account_spends_no_token(account: Config, zalo: FakeZaloOA) -> None:
    await zalo.says("chào")
    told = account.model_copy(update={"alert_zalo_oa_user": AN})
    assert (await named(Doctor(told, tell=True)))["alerts"].grade is OK
    assert len(zalo.texts_to(AN)) == 1
    later = await named(Doctor(told, lambda: utc_now() + 2 * DAY, tell=True))
    assert "no access token is stored that still lives" in later["alerts"].detail
    zalo.tokens.expire()
    refused = await named(Doctor(told, tell=True))
    assert "the access token is refused" in refused["alerts"].detail
    assert zalo.called(TOKENS) == 1


# What can be wrong outside


async def test_when_nobody_answers_each_says_so(config: Config) -> None:
    nobody = f"http://127.0.0.1:{unused_port()}"
    urls = ("telegram_api_url", "zalo_oa_api_url", "zalo_bot_api_url")
    told = await named(Doctor(config.model_copy(update=dict.fromkeys(urls, nobody))))
    refused = {name for name, finding in told.items() if "connection refused" in finding.detail}
    assert refused == {"health", "telegram", "zalo oa", "zalo oa webhook", "zalo oa domain", "zalo bot"}
    assert "Vietnamese IP address" in told["zalo oa"].todo
    assert "not compared" in told["clock"].detail
    assert told["zalo oa tokens"].grade is WARNING, "the first token is there and not exchanged"


async def test_one_that_never_answers_is_given_up(
    config: Config, fake: FakeTelegram, zalo: FakeZaloOA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.5)
    fake.always("getme", held(asyncio.Event()))
    zalo.always("getoa", held(asyncio.Event()))
    told = await named(Doctor(config))
    for name in ("telegram", "zalo oa"):
        assert "no answer within" in told[name].detail
    assert told["zalo bot"].grade is OK


async def test_a_look_that_takes_too_long_is_given_up(
    config: Config, fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "LIMIT", 0.5)
    fake.always("getme", held(asyncio.Event()))
    told = await named(Doctor(config))
    assert told["telegram"].detail == "not done within 0.5 s"
    assert told["zalo bot"].grade is OK


async def test_a_mistake_in_one_look_keeps_no_other_from_being_told(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_days: int) -> Knowledge:
        raise RuntimeError("a bug")

    monkeypatch.setattr(examine, "_load", broken)
    told = await named(Doctor(a_config(sqlite_url)))
    assert told["content"].detail == "could not be looked at (RuntimeError)"
    assert {"public address", "clock", "alerts"} <= told.keys()


async def test_what_is_on_the_way_and_is_not_the_service_is_seen(
    config: Config, fake: FakeTelegram, zalo: FakeZaloOA, zalo_bot: FakeZaloBot
) -> None:
    fake.always("getme", foreign_page(200))
    zalo.always("getoa", foreign_page(200))
    zalo_bot.always("getMe", foreign_page(200))
    told = await named(Doctor(config))
    for name in ("telegram", "zalo oa", "zalo bot"):
        assert (told[name].grade, told[name].detail) == (PROBLEM, "an answer of another kind (status 200)")


async def test_refused_tokens_are_named_by_their_setting(config: Config) -> None:
    wrong = {"telegram_token": "1234567:wrong-made-up-token", "zalo_bot_token": "1234567:wrong-made-up"}
    told = await named(Doctor(config.model_copy(update=wrong)))
    assert told["telegram"].todo == "correct TELEGRAM_TOKEN"
    assert told["zalo bot"].todo == "correct ZALO_BOT_TOKEN"
    assert {"telegram webhook", "zalo bot webhook"}.isdisjoint(told)


async def test_webhooks_that_nobody_registered_and_webhooks_behind_our_back(
    config: Config, fake: FakeTelegram, zalo_bot: FakeZaloBot
) -> None:
    told = await named(Doctor(config))
    for name in ("telegram webhook", "zalo bot webhook"):
        assert (told[name].grade, told[name].detail) == (PROBLEM, "none is registered")
    fake.webhook = zalo_bot.webhook = ("https://other.example/made-up", HOOK_SECRET)
    polling = config.model_copy(update={"telegram_mode": "polling", "zalo_bot_mode": "polling"})
    told = await named(Doctor(polling))
    for name in ("telegram webhook", "zalo bot webhook"):
        assert "polling brings nothing" in told[name].detail


@pytest.mark.parametrize(("seconds", "grade"), [(-3000, PROBLEM), (-100, WARNING), (100, WARNING), (0, OK)])
async def test_a_clock_is_compared_with_those_of_the_services(
    sqlite_url: str, fake: FakeTelegram, seconds: int, grade: Grade
) -> None:
    def clock() -> dt.datetime:
        return utc_now() + dt.timedelta(seconds=seconds)

    config = a_config(sqlite_url, telegram_token=TOKEN, telegram_api_url=fake.url)
    assert (await named(Doctor(config, clock)))["clock"].grade is grade


# The official account's tokens


@pytest.fixture
async def account(everything: Settings, sqlite_url: str) -> Config:
    """Set up an account alone; a service that has ended exchanged its first token."""
    await upgrade(sqlite_url)
    names = [name for name in everything if name.startswith(("zalo_oa", "public"))]
    config = a_config(sqlite_url, **{name: everything[name] for name in names})
    storage, client, keys = Storage(sqlite_url), JsonClient(), PersonKeys(KEY)
    keeper = zalo_keeper(config, storage, keys, lambda name: Lease(storage, utc_now, name, "one"), client)
    await keeper.access()
    await client.close()
    await storage.close()
    return config


async def test_a_refused_access_token_is_renewed_when_asked_for(account: Config, zalo: FakeZaloOA) -> None:
    assert (await named(Doctor(account)))["zalo oa"].grade is OK
    zalo.tokens.expire()
    told = await named(Doctor(account))
    assert told["zalo oa"].grade is PROBLEM
    assert "--refresh" in told["zalo oa"].todo
    assert zalo.called(TOKENS) == 1, "looking spends no token"
    told = await named(Doctor(account, refresh=True))
    assert (told["refresh"].grade, told["zalo oa"].grade) == (OK, OK)
    assert (await named(Doctor(account)))["zalo oa"].grade is OK, "what was minted is stored"


async def test_a_spent_refresh_token_means_to_authorise_anew(account: Config, zalo: FakeZaloOA) -> None:
    zalo.tokens.mint()  # somebody else renewed
    told = await named(Doctor(account, refresh=True))
    assert told["refresh"].detail == "the refresh token is spent"
    assert "ZALO_OA_REFRESH_TOKEN" in told["refresh"].todo
    assert told["alarm"].detail.startswith("zalo_oa token, for 0 min")


@pytest.mark.parametrize(("days", "grade"), [(0, OK), (2, WARNING), (91, PROBLEM)])
async def test_old_tokens_are_told_by_their_age(account: Config, days: int, grade: Grade) -> None:
    told = await named(Doctor(account, lambda: utc_now() + days * DAY))
    assert told["zalo oa tokens"].grade is grade


async def test_another_first_token_waits_for_its_exchange(account: Config) -> None:
    told = await named(Doctor(account.model_copy(update={"zalo_oa_refresh_token": "made-up-new"})))
    assert "not exchanged yet" in told["zalo oa tokens"].detail


async def test_tokens_that_another_key_sealed_cannot_be_opened(account: Config) -> None:
    told = await named(Doctor(account.model_copy(update={"secret_key": "another"})))
    assert told["zalo oa tokens"].detail == "cannot be opened with SECRET_KEY"
    assert told["zalo oa"].detail == "can be reached; there is no token to ask more"


async def test_an_app_that_demands_a_proof_gets_one(account: Config, zalo: FakeZaloOA) -> None:
    zalo.proof_required = True
    assert (await named(Doctor(account)))["zalo oa"].grade is PROBLEM
    proving = account.model_copy(update={"zalo_oa_secret_proof": True})
    assert (await named(Doctor(proving)))["zalo oa"].grade is OK


async def test_a_package_without_the_interface_is_told(account: Config, zalo: FakeZaloOA) -> None:
    zalo.package_allows = False
    assert "package" in (await named(Doctor(account)))["zalo oa"].detail


# Address and certificate


@asynccontextmanager
async def a_page(text: str, shown: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve one text at any address of loopback; the value is where, said with https."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=text)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app, scheme="https" if shown else "http")
    await server.start_server(ssl=shown)
    try:
        yield f"https://127.0.0.1:{server.port}"
    finally:
        await server.close()


ALIVE = '{"status": "alive"}'


async def certificate(database_url: str, trust: Trust) -> Finding:
    """Examine a page with a certificate; return what is found of it."""
    async with a_page(ALIVE, trust[0]) as url:
        doctor = Doctor(a_config(database_url, public_url=url), trusted=trust[1])
        return (await named(doctor))["certificate"]


async def test_a_certificate_that_ends_soon_is_told(sqlite_url: str, tmp_path: Path) -> None:
    told = await certificate(sqlite_url, certified(tmp_path, utc_now() + 3.5 * DAY))
    assert (told.grade, told.detail) == (WARNING, "valid for 3 days more")


async def test_a_certificate_that_has_ended_is_told(sqlite_url: str, tmp_path: Path) -> None:
    told = await certificate(sqlite_url, certified(tmp_path, utc_now() - DAY))
    assert told.grade is PROBLEM
    assert "certificate has expired" in told.detail


async def test_a_certificate_that_nobody_believes_is_told(sqlite_url: str, trust: Trust) -> None:
    async with a_page(ALIVE, trust[0]) as url:
        told = await named(Doctor(a_config(sqlite_url, public_url=url)))
    for name in ("certificate", "health"):
        assert told[name].grade is PROBLEM
        assert "self-signed certificate" in told[name].detail


async def test_a_certificate_for_another_name_is_told(sqlite_url: str, tmp_path: Path) -> None:
    told = await certificate(sqlite_url, certified(tmp_path, utc_now() + 365 * DAY, ["other.example"]))
    assert told.grade is PROBLEM
    assert "127.0.0.1" in told.detail


async def test_where_there_is_no_https_it_is_said(sqlite_url: str) -> None:
    async with a_page(ALIVE) as url:
        told = await named(Doctor(a_config(sqlite_url, public_url=url)))
    assert told["certificate"].detail == "no https there"
    assert told["health"].grade is PROBLEM


async def test_somebody_else_at_our_address_is_seen(sqlite_url: str) -> None:
    async with a_page("<html>welcome to your new server</html>") as url:
        told = await named(Doctor(a_config(sqlite_url, public_url=url.replace("https", "http"))))
    assert told["public address"].grade is WARNING
    assert told["health"].detail == "somebody else answers there (status 200)"


async def test_whoever_only_points_elsewhere_does_not_answer(sqlite_url: str) -> None:
    async def point(_request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("/elsewhere")

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=ALIVE)

    app = web.Application()
    app.add_routes([web.get("/healthz", point), web.get("/elsewhere", answer)])
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        told = await named(Doctor(a_config(sqlite_url, public_url=url)))
    assert told["health"].detail == "somebody else answers there (status 301)"


async def test_a_name_that_cannot_be_is_told_once(sqlite_url: str) -> None:
    url = f"http://{'a' * 64}.example"
    told = await named(Doctor(a_config(sqlite_url, public_url=url)))
    assert told["public address"].detail == f"{url}: its name is not known"
    assert "health" not in told


# The database and the key


async def test_a_database_that_is_locked_is_told(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "LOCK_SECONDS", 0.1)
    await upgrade(sqlite_url)
    with closing(sqlite3.connect(sqlite_url.partition(":///")[2], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = await named(Doctor(a_config(sqlite_url)))
    assert told["writing"].grade is PROBLEM
    assert "is locked by another process" in told["writing"].detail


async def test_what_was_written_to_try_it_leaves_no_trace(sqlite_url: str) -> None:
    await upgrade(sqlite_url)
    assert (await named(Doctor(a_config(sqlite_url))))["writing"].grade is OK
    with closing(sqlite3.connect(sqlite_url.partition(":///")[2])) as database:
        assert database.execute("SELECT count(*) FROM jobs").fetchall() == [(0,)]


async def test_a_file_that_is_no_database_is_told(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"a letter to the mayor, nothing else. " * 100)
    told = await named(Doctor(a_config(sqlite_url)))
    assert told["database"].grade is PROBLEM
    assert "writing" not in told


async def test_a_database_of_a_newer_version_is_left_alone(account: Config, zalo: FakeZaloOA) -> None:
    with closing(sqlite3.connect(account.database_url.partition(":///")[2])) as database:
        database.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        database.commit()
    told = await named(Doctor(account, refresh=True))
    assert (told["database"].grade, told["database"].todo) == (PROBLEM, "install the newer version")
    assert (told["zalo oa"].grade, zalo.called(TOKENS)) == (OK, 1)


@pytest.mark.postgresql
async def test_postgresql_wants_its_schema_first(postgresql_url: str) -> None:
    told = await named(Doctor(a_config(postgresql_url)))
    assert (told["database"].grade, told["database"].todo) == (PROBLEM, "run python -m bot migrate")
    await upgrade(postgresql_url)
    told = await named(Doctor(a_config(postgresql_url)))
    assert (told["database"].grade, told["writing"].grade, told["queues"].grade) == (OK, OK, OK)
    assert "disk" not in told


async def test_a_postgresql_that_is_away_is_told() -> None:
    url = f"postgresql://nobody:{KEY.replace(' ', '')}@127.0.0.1:{unused_port()}/nowhere"
    told = await named(Doctor(a_config(url)))
    assert told["database"].grade is PROBLEM
    assert "cannot be reached" in told["database"].detail


async def test_a_lost_key_is_told_and_none_is_made(sqlite_url: str, tmp_path: Path) -> None:
    await upgrade(sqlite_url)
    key = tmp_path / "secret.key"
    assert (await named(Doctor(a_config(sqlite_url, secret_key=""))))["secret key"].grade is PROBLEM
    assert not key.exists()
    key.write_text("", "utf-8")
    assert (await named(Doctor(a_config(sqlite_url, secret_key=""))))["secret key"].grade is PROBLEM
    key.write_text(KEY, "utf-8")
    assert (await named(Doctor(a_config(sqlite_url, secret_key=""))))["secret key"].grade is OK
