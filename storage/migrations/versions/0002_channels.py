"""What several channels need: who was heard when, what a message is called, parts sent, tokens, alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)
FAILED = sa.text("failed_at IS NOT NULL")


def upgrade() -> None:
    op.drop_column("conversations", "version")  # never read
    op.add_column("addresses", sa.Column("heard_at", TIME))
    op.add_column("inbox", sa.Column("reference", sa.Text))
    op.add_column("inbox", sa.Column("failed_at", TIME))
    op.add_column("outbox", sa.Column("parts", sa.Integer, nullable=False, server_default="0"))
    for table in ("inbox", "outbox"):
        name = f"ix_{table}_failed"
        op.create_index(name, table, ["id"], sqlite_where=FAILED, postgresql_where=FAILED)
    op.create_table(
        "tokens",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
    )
    op.create_table(
        "alarms",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("told_at", TIME),
        sa.Column("over_at", TIME),
    )


def downgrade() -> None:
    for table in ("alarms", "tokens"):
        op.drop_table(table)
    for table in ("inbox", "outbox"):
        op.drop_index(f"ix_{table}_failed", table)
    for table, column in (
        ("outbox", "parts"),
        ("inbox", "failed_at"),
        ("inbox", "reference"),
        ("addresses", "heard_at"),
    ):
        op.drop_column(table, column)
    op.add_column("conversations", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
