# SPDX-License-Identifier: Apache-2.0
"""with_server.py NAME PROGRAM [ARGUMENT...]: runs PROGRAM while server NAME is up (see README.md). Ends with PROGRAM's exit code."""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SERVERS = pathlib.Path(os.environ["SLUICE_DEPS"]) / "servers"
SECONDS_TO_START = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def elasticmq(port):
    jars = SERVERS / "elasticmq"
    if not jars.exists():
        sys.exit(f"no ElasticMQ below {jars}: run scripts/install-servers")
    command = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", f"-Dsluice.port={port}",
               f"-Dconfig.file={HERE / 'elasticmq.conf'}", "-cp", f"{jars}/*", "org.elasticmq.server.Main"]
    return command, "/?Action=ListQueues", "SLUICE_SQS_ENDPOINT"


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def wait_for(server, url, log):
    deadline = time.monotonic() + SECONDS_TO_START
    while not answers(url):
        if server.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            sys.exit(f"the server does not answer at {url}; it said:\n{log.read().decode(errors='replace')[-4000:]}")
        time.sleep(0.05)


def main():
    port = free_port()
    command, path, variable = {"elasticmq": elasticmq}[sys.argv[1]](port)
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            wait_for(server, address + path, log)
            return subprocess.run(sys.argv[2:], env={**os.environ, variable: address}, check=False).returncode
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


sys.exit(main())
