"""The staff desk: what events are about, what figures are read from, accounts, corrections, handoffs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
EVENT = sa.String(60)
ABOUT = ("commune", "service", "topic", "aspect", "value")


def upgrade() -> None:
    _journal()
    _figures()
    _questions()
    _accounts()
    _work()
    _exports()


def downgrade() -> None:
    for table in (
        "export_parts",
        "exports",
        "follow_ups",
        "tickets",
        "handoffs",
        "corrections",
        "activities",
        "sessions",
        "staff",
        "questions",
        "unknowns",
        "marks",
        "dirty_days",
        "firsts",
        "rolled",
        "heads",
        "presences",
        "tallies",
    ):
        op.drop_table(table)
    op.drop_index("ix_journal_at", "journal")
    op.create_index("ix_journal_name_at", "journal", ["name", "at"])
    for column in ("inbox_id", "knowledge", "waited_ms", *ABOUT):
        op.drop_column("journal", column)


def _journal() -> None:
    op.add_column("journal", sa.Column("inbox_id", sa.BigInteger))
    for name in ABOUT:
        op.add_column("journal", sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("journal", sa.Column("knowledge", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("journal", sa.Column("waited_ms", sa.BigInteger))
    op.drop_index("ix_journal_name_at", "journal")
    op.create_index("ix_journal_at", "journal", ["at"])


def _figures() -> None:
    op.create_table(
        "tallies",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("span", sa.String(5), nullable=False),
        sa.Column("start", sa.Date, nullable=False),
        sa.Column("name", EVENT, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ABOUT),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("few", sa.Text),
    )
    _index("tallies", "service", "commune", "span", "start")
    _index("tallies", "commune", "span", "start", "name")
    _index("tallies", "span", "start")
    op.create_table(
        "presences",
        sa.Column("day", sa.Date, primary_key=True),
        _conversation(primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("commune", sa.Text, nullable=False),
        sa.Column("firsts", sa.Integer, nullable=False, server_default="0"),
    )
    _index("presences", "conversation_id")
    _people()


def _people() -> None:
    op.create_table(
        "heads",
        sa.Column("span", sa.String(5), primary_key=True),
        sa.Column("start", sa.Date, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("commune", sa.Text, primary_key=True),
        sa.Column("bits", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "rolled",
        sa.Column("span", sa.String(5), primary_key=True),
        sa.Column("start", sa.Date, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "firsts",
        _conversation(primary_key=True),
        sa.Column("seen_on", sa.Date, nullable=False),
        sa.Column("online_on", sa.Date),
        sa.Column("post_on", sa.Date),
    )
    op.create_table("dirty_days", sa.Column("day", sa.Date, primary_key=True))
    op.create_table(
        "marks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )


def _questions() -> None:
    op.create_table(
        "unknowns",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    _index("unknowns", "state")
    _index("unknowns", "expires_at")
    op.create_table(
        "questions",
        sa.Column("id", ROW_ID, primary_key=True, autoincrement=False),
        sa.Column("at", TIME, nullable=False),
        _conversation(),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("commune", sa.Text, nullable=False),
        sa.Column("outcome", EVENT, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("service", "topic", "aspect")),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("unknown_id", ROW_ID, sa.ForeignKey("unknowns.id", ondelete="SET NULL")),
        sa.Column("expires_at", TIME, nullable=False),
    )
    for columns in (
        ("at",),
        ("service", "at"),
        ("commune", "at"),
        ("outcome", "at"),
        ("unknown_id",),
        ("conversation_id",),
        ("expires_at",),
    ):
        _index("questions", *columns)


def _accounts() -> None:
    op.create_table(
        "staff",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("login", sa.String(60), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("commune", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("on_duty", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("locked_until", TIME),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("staff_id", ROW_ID, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
    _index("sessions", "staff_id")
    _index("sessions", "expires_at")
    op.create_table(
        "activities",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        _staff(),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    _index("activities", "at")


def _work() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        _staff(),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    _index("corrections", "kind", "target", "item", "id")
    op.create_table(
        "handoffs",
        sa.Column("id", ROW_ID, primary_key=True),
        _conversation(),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("channel", "commune", "desk", "service")),
        sa.Column("inbox_id", sa.BigInteger),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("return_at", TIME, nullable=False),
        _staff(),
        *(sa.Column(name, TIME) for name in ("taken_at", "answered_at", "closed_at", "told_at")),
        sqlite_autoincrement=True,
    )
    _index("handoffs", "conversation_id")
    _index("handoffs", "return_at")
    _index("handoffs", "state", "desk", "opened_at")
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_handoffs_open",
        "handoffs",
        ["conversation_id"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "tickets",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("conversation_id", ROW_ID, sa.ForeignKey("conversations.id", ondelete="SET NULL")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("channel", "commune", "service", "aspect")),
        sa.Column("knowledge", sa.BigInteger, nullable=False),
        sa.Column("inbox_id", sa.BigInteger),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        _staff(),
        sa.Column("note", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    _index("tickets", "conversation_id")
    _index("tickets", "state", "opened_at")
    op.create_table(
        "follow_ups",
        _conversation(primary_key=True),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
    )
    _index("follow_ups", "due_at")


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("staff_id", ROW_ID, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("rows", sa.Integer, nullable=False, server_default="0"),
        sa.Column("finished_at", TIME),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
    _index("exports", "staff_id")
    _index("exports", "expires_at")
    op.create_table(
        "export_parts",
        sa.Column(
            "export_id", sa.String(36), sa.ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def _conversation(*, primary_key: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    return sa.Column("conversation_id", ROW_ID, key, nullable=False, primary_key=primary_key)


def _staff() -> sa.Column[int | None]:
    return sa.Column("staff_id", ROW_ID, sa.ForeignKey("staff.id", ondelete="SET NULL"))


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
