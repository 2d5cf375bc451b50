# SPDX-License-Identifier: Apache-2.0
"""How servers are started and ended, with stand-ins for them: needs no installed server."""
import pathlib
import socket
import subprocess
import sys
import unittest
import unittest.mock
import urllib.request

import servers


def http_server(host, port):
    return [sys.executable, "-m", "http.server", "--bind", host, str(port)]


class StartTest(unittest.TestCase):
    def start(self, command, **options):
        """command(port) for each try."""
        return servers._started("stand-in", lambda port, _: servers._Launch(command(port), ready="/", **options))

    def test_it_answers_and_is_gone_after_the_block(self):
        with self.start(lambda port: http_server("127.0.0.1", port)) as server:
            with urllib.request.urlopen(server.address) as response:
                self.assertEqual(response.status, 200)
            folder = pathlib.Path(f"/proc/{server.pid}/cwd").readlink()
        self.assertFalse(pathlib.Path(f"/proc/{server.pid}").exists())
        self.assertFalse(folder.exists())

    def test_a_port_that_was_lost_is_followed_by_another(self):
        ports = []

        def command(port):
            ports.append(port)
            return ["false"] if len(ports) < 3 else http_server("127.0.0.1", port)

        with self.start(command) as server:
            self.assertEqual(server.address, f"http://127.0.0.1:{ports[-1]}")
        self.assertEqual(len(set(ports)), 3)

    def test_one_that_never_starts_says_what_it_said(self):
        tries = []
        with self.assertRaisesRegex(servers.CannotStart, "stand-in ended with 7; it said:\nno such luck"):
            with self.start(lambda port: tries.append(port) or ["sh", "-c", "echo no such luck >&2; exit 7"]):
                pass
        self.assertEqual(len(tries), servers.TRIES)

    def test_that_another_process_answers_at_the_port_does_not_count(self):
        with socket.create_server(("127.0.0.1", 0)) as other, unittest.mock.patch.object(servers, "SECONDS_TO_START", 0.2), \
                unittest.mock.patch.object(servers, "_answers", lambda _: True), \
                unittest.mock.patch.object(servers, "free_port", lambda: other.getsockname()[1]), \
                self.assertRaisesRegex(servers.CannotStart, "does not answer"):
            with self.start(lambda _: ["sleep", "1000"]):
                pass

    def test_one_that_listens_elsewhere_is_refused(self):
        with self.assertRaisesRegex(servers.CannotStart, "not 127.0.0.1"):
            with self.start(lambda port: http_server("127.0.0.2", port)):
                pass

    def test_it_ends_with_whoever_started_it(self):
        starter = subprocess.Popen([sys.executable, "-c", "import servers\nwith servers.process(['sh', '-c', 'echo $$; exec sleep 1000']) as child:\n"
                                    "    child.wait()"], stdout=subprocess.PIPE, cwd=servers.HERE)
        with starter:
            pid = int(starter.stdout.readline())
            died = subprocess.Popen(["tail", f"--pid={pid}", "-s", "0.02", "-f", "/dev/null"])
            starter.kill()
        self.assertEqual(died.wait(60), 0)

    def test_programs_see_nothing_that_the_machine_has_set_for_aws(self):
        with unittest.mock.patch.dict("os.environ", {"AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "mine", "SLUICE_X": "kept"}):
            environment = servers.client_environment()
        self.assertNotIn("mine", environment.values())
        self.assertEqual(environment["SLUICE_X"], "kept")


if __name__ == "__main__":
    unittest.main()
