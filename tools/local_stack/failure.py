"""How a tool gives up: one line on stderr that says what to do."""

import sys

from botocore.exceptions import BotoCoreError, ClientError


class Failure(Exception):
    """Something the user can act on. Its text is all they see."""


def run_main(main):
    """Runs `main`, turns what it can't go on from into one line and exit code 1, and exits with what it returns."""
    try:
        sys.exit(main() or 0)
    except Failure as failure:
        message = str(failure)
    except (BotoCoreError, ClientError) as error:
        message = f"AWS: {error}"
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)
