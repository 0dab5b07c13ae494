"""`huiying sandbox wechat|weibo|douyin|robots|corrections`: a local stand-in of a platform, or an untidy export."""

import click

from connectors.sandbox.command import run


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.pass_context
def sandbox(context: click.Context) -> None:
    """在本机模拟一个平台（wechat、weibo、douyin、robots），或写出一份找错导出（corrections）；加 --help 看各项设置。"""
    context.exit(run(context.args))


COMMANDS = (sandbox,)
