"""The peer: django-helpdesk with its public form. Runs in a Python of its own, which has Django and not us.

`python tickets_site.py make DATABASE` makes its tables and one queue; `… serve DATABASE HOST:PORT WORKERS` listens.
"""

import sys
import types


def configure(database: str) -> None:
    """Settings of its quick start, with SQLite as safe as ours (WAL, synchronous=FULL) and mail that goes nowhere."""
    from django.conf import settings

    settings.configure(
        SECRET_KEY="only for measuring",
        DEBUG=False,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="helpdesk_site_urls",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.sites",
            "django.contrib.humanize",
            "django.contrib.staticfiles",
            "rest_framework",
            "helpdesk",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                },
            }
        },
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        SITE_ID=1,
        USE_TZ=True,
        STATIC_URL="/static/",
        MEDIA_URL="/media/",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HELPDESK_TEAMS_MODE_ENABLED=False,
    )
    import django

    django.setup()
    from django.urls import include, path

    urls = types.ModuleType("helpdesk_site_urls")
    urls.urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
    sys.modules["helpdesk_site_urls"] = urls


def make() -> None:
    """Its tables, and a queue that the public may write to."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from helpdesk.models import Queue

    Queue.objects.create(
        title="Street lights", slug="lights", allow_public_submission=True, email_address="a@example.invalid"
    )


def serve(address: str, workers: int) -> None:
    """gunicorn, with the settings of `huiying web --workers`."""
    from django.core.wsgi import get_wsgi_application
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in {
                "bind": address,
                "workers": workers,
                "worker_class": "gthread",
                "threads": 8,
                "timeout": 60,
                "control_socket_disable": True,
            }.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> object:
            return get_wsgi_application()

    Server().run()


if __name__ == "__main__":
    _, what, file, *more = sys.argv
    configure(file)
    if what == "make":
        make()
    else:
        serve(more[0], int(more[1]))
