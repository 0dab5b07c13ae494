"""回应. The parts are put together here and nowhere else."""

from flask import Flask

from app.base import config
from app.base.config import Settings
from app.base.db import Database
from app.base.keys import Keys


def open_database(settings: Settings) -> Database:
    """The database of these settings, with the keys of this installation."""
    return Database(settings.database_url, Keys(settings.secret_key), settings.data_dir, settings.public_url)


def create_app(settings: Settings | None = None, db: Database | None = None, *, start: bool = True) -> Flask:
    """The web application. Without arguments it reads its settings from the environment.

    ``start=False``: nothing is begun yet, no thread and no connection; for a process that will part into several,
    each of which then starts the intake.
    """
    from app import web
    from app.cases.service import ASKED
    from app.finding.index import AnswerIndex
    from app.finding.searches import Searches
    from app.messages.intake import Intake
    from app.web.context import Services
    from app.web.webhooks import Receivers
    from app.web.webhooks.receipts import Receipts

    settings = settings or config.load()
    db = db or open_database(settings)
    app = Flask(__name__, static_folder="web/static", template_folder="web/templates")
    app.secret_key = db.keys.digest("form tokens", "flask")
    app.extensions["huiying"] = Services(
        settings=settings,
        db=db,
        intake=Intake(db, asked=ASKED),
        receivers=Receivers(db),
        receipts=Receipts(db),
        answers=AnswerIndex(settings.data_dir / "index" / "answers"),
        searches=Searches(db),
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    web.register(app)
    if start:
        app.extensions["huiying"].intake.start()
    return app
