"""What does the clock do? One table. APScheduler only ticks; rows in the database decide what is due.

One lock in the database (`Lease`) lets one scheduler act at a time; every job is harmless when run twice.
"""

import logging
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from app.alerts import service as alerts
from app.answers import service as answers
from app.base import clock, leases
from app.base.db import Database
from app.base.errors import NotFound
from app.base.models import JobRun
from app.cases import service as cases
from app.consistency import service as consistency
from app.disclosure import service as disclosure
from app.federation import service as federation
from app.finding import service as finding
from app.messages import service as messages
from app.notices import service as notices
from app.official_accounts import service as official_accounts
from app.opendata import service as opendata
from app.replies import service as replies
from app.staff import service as staff
from app.statistics import service as statistics
from app.upkeep import service as upkeep

log = logging.getLogger("huiying.jobs")

LEASE = "jobs"
HOLD_FOR = timedelta(seconds=30)
RENEW_BEFORE = timedelta(seconds=15)
# A run that found nothing to do is written down at most this often: an idle office writes nothing.
NOTE_IDLE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Job:
    """One row: the function (its name is the job's), when, and why.

    ``every`` seconds or a ``cron`` line (Asia/Shanghai; weekdays by name). With ``own_transactions``
    the function is given the database, since it calls platforms between its transactions; otherwise
    a session with one transaction around it. It returns how much it did.
    """

    function: Callable[..., int | None]
    why: str
    every: int = 0
    cron: str = ""
    own_transactions: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__


JOBS = (
    Job(cases.take_in_arrivals, "收件：读懂推送来的消息，进入队列", every=1, own_transactions=True),
    Job(replies.deliver_released, "送达：把签发的答复送到平台", every=1, own_transactions=True),
    Job(
        replies.moderate_comments,
        "留言：精选、取消精选、删除，由人决定后到平台上做",
        every=2,
        own_transactions=True,
    ),
    Job(replies.deliver_to_merged, "送达：答复之后才并案的来信，也在查询页看到答复", every=60),
    Job(messages.fetch_new, "取件：向要主动去取的平台取新消息", every=300, own_transactions=True),
    Job(
        messages.fetch_attachments,
        "附件：趁平台还留着，取回图片、语音和视频",
        every=60,
        own_transactions=True,
    ),
    Job(messages.count_arrivals, "连通：数各账号每小时来了多少，太久没有来信才看得出来", cron="5 * * * *"),
    Job(
        official_accounts.refresh_gates,
        "账号：每天向平台要一次推送的来源地址",
        every=3600,
        own_transactions=True,
    ),
    Job(
        official_accounts.refresh_grants,
        "账号：每天向平台问一次授权到哪天",
        cron="10 8 * * *",
        own_transactions=True,
    ),
    Job(
        messages.warn_of_endings,
        "账号：授权到期前 14、7、3、1 天和当天，提醒负责人和系统管理员",
        cron="30 8 * * *",
    ),
    Job(cases.pass_closed_windows, "队列：平台窗口关闭后，改按法定时限排列", every=30),
    Job(cases.remind_departments, "催办：到点的提醒，每级一次", every=60),
    Job(cases.follow_calendar, "时限：放假安排有了新版本，在办的重新算", every=300),
    Job(cases.lapse_inquiries, "会签、核实、协办：到时没有答复的记下来", every=60),
    Job(notices.send_outward, "提醒：发到群机器人和邮箱，每条一次", every=5, own_transactions=True),
    Job(notices.watch_roster, "值班：三天内的空班、没有接班、请人替班，各提醒一次", every=60),
    Job(alerts.scan_new_cases, "舆情：看新来信里有没有要紧的", every=30),
    Job(alerts.remind_of_alerts, "舆情：到时没做的步骤、没上报、没签收，再提醒一次值班长和负责人", every=60),
    Job(alerts.watch_volumes, "舆情：一天里来信比平时明显增多", every=600),
    Job(alerts.watch_unassigned, "值班：到时还没有交办的，告诉在班的人", every=60),
    Job(disclosure.propose_closed, "公开：为办结的办件备好公开稿", every=10),
    Job(disclosure.rescan_public, "脱敏：规则更新后，把已公开的文字再查一遍", every=600),
    Job(opendata.publish_decided, "数据开放：让页面和文件跟上公开的决定", every=10),
    Job(opendata.follow_public_cases, "检索：公开办件的索引跟上公开和撤下", every=10, own_transactions=True),
    Job(opendata.follow_sources, "数据开放：记下问答库和账号的变化", every=60),
    Job(statistics.describe_files, "数据开放：算好各文件的行数和 SHA-256", every=600, own_transactions=True),
    Job(statistics.follow_figures, "数据开放：记下各月统计的变化", cron="50 * * * *"),
    Job(cases.close_replied, "办结：答复满七日无异议的办件", cron="0 2 * * *"),
    Job(cases.learn_routing, "分派：从办过的件里重新学类别和单位", cron="30 1 * * *", own_transactions=True),
    Job(upkeep.follow_answers, "问答库：口径改了，带到草稿、审核、已发的答复和平台文本", every=10),
    Job(
        upkeep.check_links,
        "问答库：看依据和附件的网址还能不能打开、原文有没有改",
        every=600,
        own_transactions=True,
    ),
    Job(federation.pull_neighbours, "问答库：从对接的问答库取新的和撤下的", every=600, own_transactions=True),
    Job(consistency.find_contradictions, "问答库：找互相矛盾的答案", cron="20 4 * * *"),
    Job(finding.forget_withdrawn, "清理：撤回授权的来信人，从其来信学到的问法", cron="25 3 * * *"),
    Job(answers.forget_votes, "清理：一天前的“有没有帮助”防重记号", cron="35 3 * * *"),
    Job(answers.flag_stale, "问答库：提醒到了复核日期的条目", cron="0 8 * * mon-fri"),
    Job(messages.sweep_attachments, "清理：没有归属的附件文件", cron="40 3 * * *", own_transactions=True),
    Job(staff.forget_old_attempts, "清理：过期的登录记录和试错记录", cron="30 3 * * *"),
)
BY_NAME = {job.name: job for job in JOBS}


def run(db: Database, name: str, now: datetime) -> int:
    """Run the job ``name`` once as of ``now`` (UTC). Raises `NotFound` for an unknown name."""
    job = BY_NAME.get(name)
    if job is None:
        raise NotFound(f"没有叫 {name} 的任务。用 huiying jobs list 看有哪些")
    if job.own_transactions:
        return job.function(db, now) or 0
    with db.writing() as session:
        return job.function(session, now) or 0


class Clock:
    """The ticking of one process. Any number may run; the one that holds the lease acts."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._holder = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._held_until: datetime | None = None
        self._noted: dict[str, datetime] = {}
        self._scheduler = BackgroundScheduler(
            timezone=clock.SHANGHAI,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to tick, in threads of its own."""
        for job in JOBS:
            trigger: Any = (
                CronTrigger.from_crontab(job.cron, timezone=clock.SHANGHAI)
                if job.cron
                else IntervalTrigger(seconds=job.every)
            )
            self._scheduler.add_job(self._tick, trigger, [job], id=job.name)
        self._scheduler.start()

    def stop(self) -> None:
        """Finish what is running, then give the lease back."""
        self._scheduler.shutdown(wait=True)
        with self._db.writing() as session:
            leases.give_back(session, LEASE, self._holder, clock.now())

    def _tick(self, job: Job) -> None:
        started = clock.now()
        try:
            if not self._may_act(started):
                return
            done = run(self._db, job.name, started)
        except SQLAlchemyError as error:
            log.error("job failed", exc_info=error, extra={"fields": {"job": job.name}})
            time.sleep(0.2)  # the database may be away; it need not be asked at full speed
            return
        except Exception as error:  # a job that fails must not end the clock
            log.error("job failed", exc_info=error, extra={"fields": {"job": job.name}})
            self._note(job, started, 0, type(error).__name__)
            return
        idle = not done and started - self._noted.get(job.name, started - NOTE_IDLE_EVERY) < NOTE_IDLE_EVERY
        if not idle:
            self._note(job, started, done, "")

    def _may_act(self, now: datetime) -> bool:
        if self._held_until and now < self._held_until - RENEW_BEFORE:
            return True
        with self._db.writing() as session:
            taken = leases.take(session, now, LEASE, self._holder, HOLD_FOR)
        self._held_until = now + HOLD_FOR if taken else None
        return taken

    def _note(self, job: Job, started: datetime, done: int, error: str) -> None:
        self._noted[job.name] = started
        with self._db.writing() as session:
            session.merge(
                JobRun(name=job.name, started_at=started, ended_at=clock.now(), done=done, error=error)
            )
