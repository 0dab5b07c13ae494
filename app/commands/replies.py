"""How far did the replies get?"""

import click

from app.commands.shell import Shell, json_option, print_rows
from app.replies import queries
from app.replies.sending import DeliveryState


@click.group()
def deliveries() -> None:
    """答复的送达。"""


@deliveries.command(name="list")
@click.option("--state", default="", help=f"{'、'.join(DeliveryState)} 之一")
@click.option("--limit", default=1_000, show_default=True, help="最多列多少条，新的在前")
@json_option
@click.pass_obj
def list_deliveries(shell: Shell, state: str, limit: int, as_json_: bool) -> None:
    """列出送达记录：送到哪个平台、到了没有、错误原话。不含答复和来信的文字。"""
    with shell.reading() as session:
        found = queries.all_deliveries(session, state=state, limit=limit)
        print_rows(
            (
                {
                    "id": row.id,
                    "case": number,
                    "platform": row.platform,
                    "state": row.state,
                    "tries": row.tries,
                    "created_at": row.created_at,
                    "next_try_at": row.next_try_at if row.state == "ready" else None,
                    "done_at": row.done_at,
                    "reference": row.reference,
                    "error_class": row.error_class,
                    "error_code": row.error_code,
                    "error_words": row.error_words,
                    "fallback": row.fallback,
                    "digest": row.digest,
                }
                for row, number in found
            ),
            as_lines_of_json=as_json_,
        )


COMMANDS = (deliveries,)
