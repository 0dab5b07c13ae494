"""publication: what the public list is counted by and followed by, without reading the long texts

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two indexes over what is public."""
    op.create_index("ix_published_changed", "published_cases", ["changed_at", "id"])
    op.create_index(
        "ix_published_facets",
        "published_cases",
        [
            "withdrawn_at",
            "department",
            "message_type",
            "category_group",
            "platform",
            "received_on",
            "closed_on",
            "changed_at",
        ],
    )


def downgrade() -> None:
    """Without them."""
    op.drop_index("ix_published_facets", table_name="published_cases")
    op.drop_index("ix_published_changed", table_name="published_cases")
