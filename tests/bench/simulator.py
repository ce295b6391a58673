# SPDX-License-Identifier: Apache-2.0
"""A simulator for as long as a benchmark needs it."""
import contextlib
import json
import os
import subprocess
import tempfile


@contextlib.contextmanager
def simulator(program, *options):
    """Gives its URL and the path of a kubeconfig for it."""
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = os.path.join(folder, "kubeconfig")
        process = subprocess.Popen([program, "--listen", "127.0.0.1:0", "--version", "v2beta1", "--kubeconfig", kubeconfig, *options],
                                   stdout=subprocess.PIPE)
        try:
            yield json.loads(process.stdout.readline())["url"], kubeconfig
        finally:
            process.terminate()
            process.wait()
