"""Work on a daemon thread gives its result or its error, and the program ends without it."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from base.daemon import run_as_daemon


def test_the_result_and_the_error_come_back_from_a_named_thread() -> None:
    assert run_as_daemon(lambda: threading.current_thread().name, "folders").result(10) == "folders"
    with pytest.raises(ZeroDivisionError):
        run_as_daemon(lambda: 1 / 0, "fonts").result(10)


def test_work_that_never_ends_does_not_keep_the_program() -> None:
    program = "import threading; from base.daemon import run_as_daemon; run_as_daemon(threading.Event().wait, 'disk')"
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)
