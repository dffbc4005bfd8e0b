"""Settings: all problems at once, by the names people write, and never a value."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.config import KEY_FILE, Config, ConfigError, load_config, secret_of

TOKEN = "12345678:AAbbCCddEEffGGhhIIjj"
KEY = Path("data") / KEY_FILE
POSTGRESQL = "postgresql://bot:very-secret@db.example/bot"


@pytest.fixture(autouse=True)
def _bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def problems(monkeypatch: pytest.MonkeyPatch, **settings: str) -> list[str]:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refusal:
        secret_of(load_config())
    return str(refusal.value).splitlines()


def test_everything_has_a_working_default() -> None:
    config = load_config()
    assert config.embedded
    assert (config.host, config.port, config.retention_days) == ("127.0.0.1", 8080, 30)


def test_all_problems_are_told_at_once_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(
        monkeypatch,
        PORT="http",
        RETENTION_DAYS="0",
        PUBLIC_URL="example.vn",
        TELEGRAM_TOKEN="no token",
        TELEGRAM_MODE="pigeon",
        TELEGRAM_RATE_PER_S="-1",
        TRUSTED_PROXIES="10.0.0.0/8, elsewhere",
        LOG_LEVEL="loud",
    )
    assert {line.partition(":")[0] for line in told} == {
        "PORT",
        "RETENTION_DAYS",
        "PUBLIC_URL",
        "TELEGRAM_TOKEN",
        "TELEGRAM_MODE",
        "TELEGRAM_RATE_PER_S",
        "TRUSTED_PROXIES",
        "LOG_LEVEL",
    }
    assert len(told) == 8


def test_a_webhook_needs_its_secret_and_our_address(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(monkeypatch, TELEGRAM_TOKEN=TOKEN, TELEGRAM_MODE="webhook")
    assert "TELEGRAM_WEBHOOK_SECRET" in " ".join(told)
    assert "PUBLIC_URL" in " ".join(told)


def test_a_whole_webhook_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_MODE", "webhook")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "s-e_cret1")
    monkeypatch.setenv("PUBLIC_URL", "https://hoidap.example.gov.vn/")
    assert load_config().public_url == "https://hoidap.example.gov.vn"


def test_problems_between_settings_are_told_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(monkeypatch, TELEGRAM_TOKEN=TOKEN, TELEGRAM_MODE="webhook", PORT="http")
    assert {line.split()[0].rstrip(":") for line in told} == {
        "PORT",
        "TELEGRAM_WEBHOOK_SECRET",
        "PUBLIC_URL",
    }


def test_the_secret_and_the_database_are_told_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(monkeypatch, DATABASE_URL=POSTGRESQL, PORT="http")
    assert {line.partition(":")[0] for line in told} == {"PORT", "SECRET_KEY"}


@pytest.mark.parametrize("name", ["PORT", "TELEGRAM_TOKEN", "TELEGRAM_API_URL", "TELEGRAM_WEBHOOK_SECRET"])
def test_a_value_is_never_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = "hunter2 is no good value"
    told = problems(monkeypatch, **{name: value})
    assert "hunter2" not in " ".join(told)
    assert told[0].startswith(f"{name}: ")


def test_not_even_an_address_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "hunter2" not in " ".join(problems(monkeypatch, TRUSTED_PROXIES="hunter2"))


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Config.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert load_config() == Config.model_construct()


def test_a_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=8001\nHOST=0.0.0.0\nSOMETHING_ELSE=1\n", "utf-8")
    monkeypatch.setenv("PORT", "8002")
    assert (load_config().port, load_config().host) == (8002, "0.0.0.0")  # noqa: S104 - only read


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8 ,, fd00::/8")
    assert load_config().trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "fd00::/8")


MAIL = {"ALERT_MAIL_TO": "a@made-up.example, b@made-up.example", "ALERT_MAIL_FROM": "bot@made-up.example"}


def test_mail_for_operators_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**MAIL, "ALERT_SMTP_URL": "smtps://bot:hunter2@made-up.example"}.items():
        monkeypatch.setenv(name, value)
    config = load_config()
    assert config.alert_mail_to == ("a@made-up.example", "b@made-up.example")
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    "url",
    [
        "hunter2",
        "https://bot:hunter2@made-up.example",
        "smtp://bot:hunter2@made-up.example:port",
        "smtp://bot:hunter2@",
        "smtp://:hunter2@made-up.example",
        "smtp://hunter2@made-up.example",
        "smtp://bot:hunter2/@made-up.example",
        "smtp://bot:hunter2?@made-up.example",
        "smtp://bot:hunter2#@made-up.example",
        "smtp://[hunter2",
    ],
)
def test_a_mail_server_is_refused_without_telling_the_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (told,) = problems(monkeypatch, **MAIL, ALERT_SMTP_URL=url)
    assert told.startswith("ALERT_SMTP_URL: must look like smtp://user:password@host:587")
    assert "hunter2" not in told


def test_mail_for_operators_needs_a_server_and_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(monkeypatch, ALERT_MAIL_TO="a@made-up.example")
    assert [line.partition(":")[0] for line in told] == ["ALERT_MAIL_FROM", "ALERT_SMTP_URL"]


def test_an_alarm_cannot_go_through_a_channel_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(
        monkeypatch, ALERT_TELEGRAM_CHAT="-4001", ALERT_ZALO_OA_USER="4002", ALERT_ZALO_BOT_CHAT="made-up"
    )
    assert told == [
        "ALERT_TELEGRAM_CHAT: is told through a channel that is off: set TELEGRAM_TOKEN",
        "ALERT_ZALO_OA_USER: is told through a channel that is off: set ZALO_OA_APP_ID",
        "ALERT_ZALO_BOT_CHAT: is told through a channel that is off: set ZALO_BOT_TOKEN",
    ]


def test_alarms_have_limits_and_addresses_that_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(
        monkeypatch,
        ALERT_WAIT_MINUTES="0",
        ALERT_SILENT_HOURS="-1",
        ALERT_MAIL_TO="nobody",
        ALERT_TELEGRAM_CHAT="the room",
        TELEGRAM_TOKEN="no token",
    )
    assert [line.partition(":")[0] for line in told] == [
        "TELEGRAM_TOKEN",
        "ALERT_WAIT_MINUTES",
        "ALERT_SILENT_HOURS",
        "ALERT_MAIL_TO",
        "ALERT_TELEGRAM_CHAT",
    ]


def test_the_secret_is_made_once_for_its_owner_only() -> None:
    first = secret_of(load_config())
    assert len(first) >= 32
    assert secret_of(load_config()) == first
    assert stat.S_IMODE(KEY.stat().st_mode) == 0o600
    assert stat.S_IMODE(KEY.parent.stat().st_mode) == 0o700


def test_the_secret_lies_beside_the_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/elsewhere/bot.db")
    assert secret_of(load_config()) == (tmp_path / "elsewhere" / KEY_FILE).read_text("utf-8")


def test_a_given_secret_is_taken_and_none_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "given")
    assert secret_of(load_config()) == "given"
    assert not KEY.exists()


def test_with_postgresql_the_secret_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problems(monkeypatch, DATABASE_URL=POSTGRESQL)
    assert told[0].startswith("SECRET_KEY: ")
    assert "very-secret" not in told[0]
    assert not KEY.exists()


@pytest.mark.parametrize("half_written", ["", "\n"])
def test_an_empty_secret_file_is_said_plainly(half_written: str) -> None:
    KEY.parent.mkdir()
    KEY.write_text(half_written, "utf-8")
    with pytest.raises(ConfigError):
        secret_of(load_config())
