"""redaction: which rules last looked at a public text, and what they left readable

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns beside each decision; texts that are public already are scanned by the next run of the job."""
    with op.batch_alter_table("disclosures") as table:
        table.add_column(
            sa.Column("scanned_with", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
        table.add_column(sa.Column("readable", sa.JSON(), nullable=True))
    op.create_index("ix_disclosures_state_scanned_with", "disclosures", ["state", "scanned_with", "id"])
