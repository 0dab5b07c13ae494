"""All tables in one view, for the migrations and for whoever asks what is kept."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

# Every constraint has a name that both databases know it by, so that a migration can change it.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

import app.alerts.models
import app.answers.models
import app.base.models
import app.calendar.models
import app.cases.models
import app.consistency.models
import app.departments.models
import app.disclosure.models
import app.duty.models
import app.federation.models
import app.finding.models
import app.log.models
import app.messages.models
import app.notices.models
import app.official_accounts.models
import app.opendata.models
import app.redaction.models
import app.replies.models
import app.staff.models
import app.upkeep.models
import kb.models

metadata: MetaData = SQLModel.metadata
