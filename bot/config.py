"""Settings from the environment and `.env`; all problems are told at once."""

from __future__ import annotations

import re
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.hours import LIMIT_HOURS, parse_hours
from bot.mail import parse_server
from storage.db import parse_url
from storage.errors import DatabaseUrlError

EMBEDDED = "sqlite"
KEY_FILE = "secret.key"
"""The secret that embedded mode makes for itself, beside the database file."""

MAIL_ADDRESS = r"[^@\s,;<>]+@[^@\s,;<>]+"
_CARRIERS = {
    "alert_telegram_chat": "telegram_token",
    "alert_zalo_bot_chat": "zalo_bot_token",
    "alert_zalo_oa_user": "zalo_oa_app_id",
}
"""What switches on the channel through which an alarm goes."""

Rate = Annotated[float, Field(gt=0, le=10_000)]


class ConfigError(Exception):
    """Settings that cannot be used; one problem a line."""


class Config(BaseSettings):
    """All settings; names in the environment are the same in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    # A check of one setting against others stands at the one that must be set, below those it looks at.
    database_url: str = "sqlite+aiosqlite:///data/bot.db"
    secret_key: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    retention_days: int = Field(default=30, ge=1, le=365)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    web_rate_per_s: Rate = 4.0
    web_chat_rate_per_s: Rate = 0.5

    telegram_token: str = Field(default="", pattern=r"^([0-9]+:[A-Za-z0-9_-]{10,})?$")
    telegram_api_url: str = Field(default="https://api.telegram.org", pattern=r"^https?://[^/]+")
    telegram_mode: Literal["polling", "webhook"] = "polling"

    zalo_bot_token: str = Field(default="", pattern=r"^([0-9]+:[A-Za-z0-9_-]{3,})?$")
    zalo_bot_api_url: str = Field(default="https://bot-api.zaloplatforms.com", pattern=r"^https?://[^/]+")
    zalo_bot_mode: Literal["polling", "webhook"] = "polling"

    zalo_oa_app_id: str = Field(default="", pattern=r"^[0-9]*$")

    public_url: str = ""
    telegram_webhook_secret: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,256}$")
    telegram_rate_per_s: Rate = 25.0
    telegram_chat_rate_per_s: Rate = 1.0

    zalo_bot_webhook_secret: str = Field(default="", pattern=r"^([A-Za-z0-9_-]{8,256})?$")
    zalo_bot_rate_per_s: Rate = 5.0
    zalo_bot_chat_rate_per_s: Rate = 1.0

    zalo_oa_app_secret: str = ""
    zalo_oa_webhook_secret: str = ""
    zalo_oa_refresh_token: str = ""
    """Only the first one: from then on the newest is kept in the database."""
    zalo_oa_id: str = Field(default="", pattern=r"^[0-9]*$")
    zalo_oa_api_url: str = Field(default="https://openapi.zalo.me", pattern=r"^https?://[^/]+")
    zalo_oa_oauth_url: str = Field(default="https://oauth.zaloapp.com", pattern=r"^https?://[^/]+")
    zalo_site_verification: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$")
    zalo_oa_buttons: bool = True
    zalo_oa_secret_proof: bool = False
    zalo_oa_title_chars: int = Field(default=20, ge=10, le=100)
    zalo_oa_rate_per_s: Rate = 1.5
    zalo_oa_chat_rate_per_s: Rate = 1.0

    working_hours: str = ""
    handoff_return_hours: int = Field(default=LIMIT_HOURS, ge=1, le=80)

    alert_wait_minutes: int = Field(default=10, ge=1, le=1440)
    alert_silent_hours: int = Field(default=24, ge=0, le=720)
    alert_mail_to: Annotated[tuple[str, ...], NoDecode] = ()
    alert_mail_from: str = Field(default="", pattern=rf"^({MAIL_ADDRESS})?$")
    alert_smtp_url: str = Field(default="", repr=False)
    alert_telegram_chat: str = Field(default="", pattern=r"^(-?[0-9]+)?$")
    alert_zalo_oa_user: str = Field(default="", pattern=r"^[0-9]*$")
    alert_zalo_bot_chat: str = Field(default="", pattern=r"^[0-9A-Za-z_-]*$")

    @field_validator("trusted_proxies", "alert_mail_to", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            try:
                ip_network(part, strict=False)
            except ValueError:
                raise ValueError("must be addresses or networks, separated by commas") from None
        return value

    @field_validator("alert_mail_to")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(MAIL_ADDRESS, part) for part in value):
            raise ValueError("must be mail addresses, separated by commas")
        return value

    @field_validator("alert_mail_from", "alert_smtp_url")
    @classmethod
    def _whole_mail(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("alert_mail_to") and not value:
            raise ValueError("must be set when ALERT_MAIL_TO is")
        return value

    @field_validator("alert_smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value:
            parse_server(value)
        return value

    @field_validator("working_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        if value:
            parse_hours(value)
        return value

    @field_validator("alert_telegram_chat", "alert_zalo_bot_chat", "alert_zalo_oa_user")
    @classmethod
    def _through_a_channel(cls, value: str, info: ValidationInfo) -> str:
        switch = _CARRIERS[str(info.field_name)]
        if value and info.data.get(switch) == "":
            raise ValueError(f"is told through a channel that is off: set {switch.upper()}")
        return value

    @field_validator(
        "public_url", "telegram_api_url", "zalo_bot_api_url", "zalo_oa_api_url", "zalo_oa_oauth_url"
    )
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must start with https:// or http://")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        try:
            parse_url(value)
        except DatabaseUrlError as error:
            raise ValueError(str(error).removeprefix("DATABASE_URL ")) from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _secret_for_a_shared_database(cls, value: str, info: ValidationInfo) -> str:
        if value and not any(part.strip() for part in value.split(",")):
            raise ValueError("holds no secret")
        if not value and not str(info.data.get("database_url", EMBEDDED)).startswith(EMBEDDED):
            raise ValueError("must be set when DATABASE_URL is not a local file")
        return value

    @field_validator("public_url")
    @classmethod
    def _address_for_a_webhook(cls, value: str, info: ValidationInfo) -> str:
        by = [name for name in ("telegram", "zalo_bot", "zalo_oa") if _by_webhook(name, info)]
        if by and not value:
            raise ValueError(f"must be set, with https, for the webhook of {', '.join(by)}")
        return value

    @field_validator("telegram_webhook_secret", "zalo_bot_webhook_secret")
    @classmethod
    def _secret_for_a_webhook(cls, value: str, info: ValidationInfo) -> str:
        channel = str(info.field_name).removesuffix("_webhook_secret")
        if _by_webhook(channel, info) and not value:
            raise ValueError(f"must be set for {channel.upper()}_MODE=webhook")
        return value

    @field_validator("zalo_oa_app_secret", "zalo_oa_webhook_secret")
    @classmethod
    def _secrets_for_zalo(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("zalo_oa_app_id") and not value:
            raise ValueError("must be set when ZALO_OA_APP_ID is")
        return value

    @property
    def embedded(self) -> bool:
        """Tell whether the database is a local file, so that everything may be made on the spot."""
        return self.database_url.startswith(EMBEDDED)


def load_config() -> Config:
    """Read the settings; raise ConfigError with every problem."""
    try:
        return Config()
    except ValidationError as error:
        raise ConfigError(
            "\n".join(_problem(mistake["loc"], mistake["msg"]) for mistake in error.errors())
        ) from None


def secret_of(config: Config) -> str:
    """Return the secret key; in embedded mode it is made once and kept beside the database."""
    if config.secret_key:
        return config.secret_key
    file = key_file(config)
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32), "utf-8")
    secret = file.read_text("utf-8").strip()
    if not secret:
        raise ConfigError(f"{file}: is empty; put the secret back, or remove the file to start without it")
    return secret


def key_file(config: Config) -> Path:
    """Return where embedded mode keeps its secret."""
    return Path(parse_url(config.database_url).database or "").parent / KEY_FILE


def _by_webhook(channel: str, info: ValidationInfo) -> bool:
    """Tell whether a channel is on and gets its messages by webhook; an official account always does."""
    if channel == "zalo_oa":
        return bool(info.data.get("zalo_oa_app_id"))
    return bool(info.data.get(f"{channel}_token")) and info.data.get(f"{channel}_mode") == "webhook"


def _problem(place: tuple[int | str, ...], message: str) -> str:
    return f"{str(place[0]).upper()}: {message.removeprefix('Value error, ')}"
