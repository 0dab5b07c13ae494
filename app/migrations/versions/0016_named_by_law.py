"""publication: by which legal exception a public case names people, and on what basis

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COLUMNS = ("exception", "legal_basis")


def upgrade() -> None:
    """Two columns beside the texts, filled for what is public now."""
    with op.batch_alter_table("published_cases") as table:
        for name in _COLUMNS:
            table.add_column(
                sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
            )
    told = sa.text(
        "UPDATE published_cases SET exception = d.reason, legal_basis = d.legal_basis "
        "FROM disclosures d JOIN cases c ON c.id = d.case_id "
        "WHERE c.number = published_cases.number AND d.state = 'published' "
        "AND d.reason IN ('penalty', 'mandatory') AND published_cases.withdrawn_at IS NULL"
    )
    op.execute(told)


def downgrade() -> None:
    """Without them."""
    with op.batch_alter_table("published_cases") as table:
        for name in reversed(_COLUMNS):
            table.drop_column(name)
