"""Log lines: one JSON object each, never texts of people, tokens or addresses."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up_logs(level: str) -> None:
    """Write our lines and those of the libraries to the standard error stream."""
    logging.basicConfig(stream=sys.stderr, level=level, format="%(message)s")
    for noisy in ("httpx", "httpcore", "aiohttp.access", "telegram", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # they write addresses that hold the token
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
