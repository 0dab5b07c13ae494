"""``python -m connectors.sandbox wechat --port 8701``."""

import sys

from connectors.sandbox.command import run

sys.exit(run(sys.argv[1:]))
