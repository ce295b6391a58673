# SPDX-License-Identifier: Apache-2.0
"""A real daemon on the simulator, for tests by programs of others (tests/api, tests/browser), which are installed with pip."""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time

PATIENCE = float(os.environ.get("MPIJOBD_PATIENCE", "60"))  # seconds that anything may take on a busy machine


def left_out(why):
    """The tier cannot be had here: its last line says why."""
    print(why)
    sys.exit(77)


def browser():
    """The system's Chromium or Chrome."""
    found = next((found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")) if found), None)
    return found or left_out("a browser is missing: apt-get install chromium")


def installed(folder, wanted):
    """The bin of a Python with the packages of the file `wanted`; made where it is not there, or other versions are wanted."""
    mark = os.path.join(folder, "requirements.txt")
    with open(wanted, encoding="utf-8") as file:
        text = file.read()
    if os.path.exists(mark) and open(mark, encoding="utf-8").read() == text:
        return os.path.join(folder, "bin")
    shutil.rmtree(folder, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, check=False).returncode:
        left_out("Python's venv is missing: apt-get install python3-venv")
    made = subprocess.run([os.path.join(folder, "bin", "pip"), "install", "-q", "--timeout", "20", "--retries", "1", "-r", wanted],
                          capture_output=True, text=True, check=False)
    if made.returncode:
        left_out(f"the packages of {os.path.basename(os.path.dirname(wanted))}/requirements.txt cannot be installed; is there a network? "
                 + made.stderr.strip()[-300:])
    shutil.copy(wanted, mark)
    return os.path.join(folder, "bin")


@contextlib.contextmanager
def running(arguments, folder, log):
    """A program in that folder, with a file for what it says, until the end of the block."""
    with open(os.path.join(folder, log), "w", encoding="utf-8") as out:
        process = subprocess.Popen(arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield os.path.join(folder, log), process
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(log, process, pattern):
    """What the pattern found in the log."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with open(log, encoding="utf-8") as file:
            text = file.read()
        found = re.search(pattern, text)
        if found:
            return found.group(1)
        time.sleep(0.05)
    sys.exit(f"waited in vain for {pattern}\n{open(log, encoding='utf-8').read()}")
