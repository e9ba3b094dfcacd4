"""Ends a tool that fails: one line on stderr says what to do."""

import sys

from botocore.exceptions import BotoCoreError, ClientError


class Failure(Exception):
    """An error that the user can fix. Its text is all they see."""


def run_main(main):
    """Runs `main` and exits with the code it returns; prints a failure as one line and exits with 1."""
    try:
        sys.exit(main() or 0)
    except Failure as failure:
        message = str(failure)
    except (BotoCoreError, ClientError) as error:
        message = f"AWS: {error}"
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)
