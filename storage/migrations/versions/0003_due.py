"""What is due is found by its time and by its conversation, without a look at all that was ever sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

UNSENT = sa.text("sent_at IS NULL AND failed_at IS NULL")


def upgrade() -> None:
    op.drop_index("ix_outbox_unsent", "outbox")
    _index("ix_outbox_due", "channel", "bot", "next_try_at", "id")
    _index("ix_outbox_unsent", "conversation_id", "id")


def downgrade() -> None:
    for name in ("ix_outbox_due", "ix_outbox_unsent"):
        op.drop_index(name, "outbox")
    _index("ix_outbox_unsent", "channel", "bot", "id")


def _index(name: str, *columns: str) -> None:
    op.create_index(name, "outbox", list(columns), sqlite_where=UNSENT, postgresql_where=UNSENT)
