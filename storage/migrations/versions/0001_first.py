"""The first schema: people and addresses, conversations, inbox, outbox, journal, leases, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# A revision stays as it was, so it names its types itself instead of importing today's models.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _conversations()
    _inbox()
    _outbox()
    _journal()
    _leases_and_jobs()


def downgrade() -> None:
    for table in ("outbox", "journal", "inbox", "conversations", "addresses", "people", "leases", "jobs"):
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("first_seen_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "addresses",
        sa.Column("person_id", ROW_ID, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("bot", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("blocked_at", TIME),
    )


def _conversations() -> None:
    person = sa.ForeignKey("people.id", ondelete="CASCADE")
    op.create_table(
        "conversations",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("person_id", ROW_ID, person, nullable=False, unique=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("bot", sa.Text, nullable=False),
        sa.Column("state", sa.Text),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", TIME),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("bot", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        _conversation_id(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("payload", sa.Text),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("handled_at", TIME),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("text_expires_at", TIME, nullable=False),
        sa.UniqueConstraint("channel", "bot", "message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbox_conversation_id_id", "inbox", ["conversation_id", "id"])
    unhandled = sa.text("handled_at IS NULL")
    op.create_index("ix_inbox_unhandled", "inbox", ["id"], sqlite_where=unhandled, postgresql_where=unhandled)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, primary_key=True),
        _conversation_id(),
        sa.Column("inbox_id", ROW_ID, sa.ForeignKey("inbox.id", ondelete="SET NULL")),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("bot", sa.Text, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("last", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_try_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sent_at", TIME),
        sa.Column("failed_at", TIME),
        sa.Column("error", sa.Text),
        sa.Column("expires_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_conversation_id_id", "outbox", ["conversation_id", "id"])
    op.create_index("ix_outbox_inbox_id", "outbox", ["inbox_id"])
    columns = ["channel", "bot", "id"]
    unsent = sa.text("sent_at IS NULL AND failed_at IS NULL")
    op.create_index("ix_outbox_unsent", "outbox", columns, sqlite_where=unsent, postgresql_where=unsent)


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        _conversation_id(),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_name_at", "journal", ["name", "at"])
    op.create_index("ix_journal_conversation_id", "journal", ["conversation_id"])


def _leases_and_jobs() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text),
        sa.Column("until", TIME),
        sa.Column("fence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("due_at", TIME, nullable=False),
    )


def _conversation_id() -> sa.Column[int | None]:
    return sa.Column("conversation_id", ROW_ID, sa.ForeignKey("conversations.id", ondelete="SET NULL"))
