"""Is it alive, may it serve, and how is it doing? For whoever runs the machine."""

from functools import cache

from flask import Blueprint, Response, jsonify
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from sqlalchemy import func, text
from sqlmodel import col, select

from app.base.models import JobRun
from app.cases.models import Case
from app.messages.models import Arrival
from app.official_accounts.models import OfficialAccount
from app.replies.models import Delivery
from app.web.context import now, reading, services

operations = Blueprint("operations", __name__)

REQUESTS = Counter("huiying_requests_total", "Requests by route and status", ["endpoint", "status"])
SECONDS = Histogram(
    "huiying_request_seconds", "Time to answer", ["endpoint"], buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 4)
)


def seen(endpoint: str | None, status: int, seconds: float) -> None:
    """Count one answered request."""
    requests, took = _counters(endpoint or "-", status)
    requests.inc()
    took.observe(seconds)


@cache
def _counters(endpoint: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(endpoint, status), SECONDS.labels(endpoint)


@operations.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@operations.get("/readyz")
def ready() -> tuple[Response, int] | Response:
    """The database answers and its schema is the one this version needs."""
    from app.migrations import behind

    with reading() as session:
        session.execute(text("SELECT 1"))
    waiting = behind(services().db)
    if waiting:
        return jsonify(status="schema", detail="请先运行 huiying migrate"), 503
    return jsonify(status="ok")


@operations.get("/metrics")
def metrics() -> Response:
    """Prometheus text. Gauges are counted in the database at the scrape: right for every node."""
    registry = CollectorRegistry()
    arrivals = Gauge("huiying_arrivals", "Arrivals by state", ["state"], registry=registry)
    deliveries = Gauge("huiying_deliveries", "Deliveries by state", ["state"], registry=registry)
    cases = Gauge("huiying_open_cases", "Open cases by status", ["status"], registry=registry)
    overdue = Gauge("huiying_overdue_cases", "Open cases past their due instant", registry=registry)
    jobs = Gauge("huiying_job_seconds_since", "Seconds since the job last ended", ["job"], registry=registry)
    spooled = Gauge("huiying_spool_pushes", "Pushes waiting on this machine's disk", registry=registry)
    spool_bytes = Gauge("huiying_spool_bytes", "Bytes of them", registry=registry)
    aside = Gauge("huiying_spool_set_aside", "Pushes the database never took", registry=registry)
    held = Gauge(
        "huiying_accounts_held", "Accounts on which sending is held by its breaker", registry=registry
    )
    standing = services().intake.spool.standing()
    spooled.set(standing.pushes)
    spool_bytes.set(standing.bytes)
    aside.set(standing.set_aside)
    with reading() as session:
        stands = select(func.count()).select_from(OfficialAccount)
        held.set(session.exec(stands.where(col(OfficialAccount.held_until) > now())).one())
        for state, count in session.execute(select(Arrival.state, func.count()).group_by(Arrival.state)):
            arrivals.labels(state).set(count)
        for state, count in session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)):
            deliveries.labels(state).set(count)
        waiting = select(Case.status, func.count()).where(Case.open).group_by(Case.status)
        for status, count in session.execute(waiting):
            cases.labels(status).set(count)
        late = select(func.count()).select_from(Case).where(Case.open, Case.due_at <= now())
        overdue.set(session.exec(late).one())
        for run in session.exec(select(JobRun)):
            if run.ended_at:
                jobs.labels(run.name).set((now() - run.ended_at).total_seconds())
    return Response(generate_latest() + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
