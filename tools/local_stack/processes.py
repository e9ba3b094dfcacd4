"""Child processes that always end: each has a process group of its own."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

from .failure import Failure

_PR_SET_PDEATHSIG = 1


class Stopped(BaseException):
    """Raised when a signal asks this process to end."""


@contextmanager
def signals_raise():
    """Turns Ctrl-C, SIGTERM and a closed terminal into Stopped; ignores further signals, so that the clean-up completes."""

    def stop(_number, _frame):
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Child:
    """A process and all its descendants. Leaving the `with` block ends the whole group."""

    def __init__(self, name, command, log=None, env=None, cwd=None, grace_s=15):
        """Starts `command`. Its output goes to the file `log`, or to the terminal without one."""
        self.name = name
        self._log = log
        self._grace_s = grace_s
        sink = None
        if log:
            log.parent.mkdir(parents=True, exist_ok=True)
            sink = open(log, "wb")  # noqa: SIM115 (closed below, when the child has it)
        try:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=env,
                cwd=cwd,
                start_new_session=True,
                # It cannot deadlock: this process has one thread.
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        finally:
            if sink:
                sink.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait(self):
        """Waits until it ends; returns the exit code."""
        return self._process.wait()

    def exit_code(self):
        """Returns the exit code, or None while it runs."""
        return self._process.poll()

    def require_running(self):
        """Raises a Failure that quotes the last line of the log if the process has ended."""
        if self.exit_code() is not None:
            words = f"{last_line(self._log)} (all: {self._log})" if self._log else "see its output above"
            raise Failure(f"{self.name} ended with code {self.exit_code()}: {words}")

    def wait_until(self, ready, timeout_s):
        """Waits until `ready()` is true; a Failure if the process ends or `timeout_s` passes first."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            self.require_running()
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} is not ready after {timeout_s} s, see {self._log or 'above'}")
            time.sleep(0.1)

    def stop(self):
        """Asks the group to end; kills it after the grace period."""
        self._signal_group(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self._grace_s)
        # Kill the descendants that outlived it too.
        self._signal_group(signal.SIGKILL)
        self._process.wait()

    def _signal_group(self, number):
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _die_with_parent():
    """Asks Linux to send SIGTERM to the child if this tool itself is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def last_line(log):
    """Returns the last line with text in it, for an error message."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"
