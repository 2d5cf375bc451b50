# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import signal
import subprocess
import sys
import unittest

import servers


class WithServerTest(unittest.TestCase):
    RUN = [sys.executable, "-B", str(servers.HERE / "with_server.py")]

    def test_programs_get_addresses_and_give_their_exit_code(self):
        told = subprocess.run([*self.RUN, "toxiproxy,versitygw+faults", "sh", "-c",
                               "echo $SLUICE_TOXIPROXY_ENDPOINT $SLUICE_S3_ENDPOINT $SLUICE_S3_FAULTS $AWS_ACCESS_KEY_ID; exit 3"],
                              stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(told.returncode, 3)
        *addresses, key = told.stdout.split()
        self.assertEqual((len(set(addresses)), key), (3, servers.ACCESS_KEY))

    def test_redshim_reads_the_s3_server_that_is_named_before_it(self):
        told = subprocess.run([*self.RUN, "versitygw,redshim+faults", "sh", "-c", "echo $SLUICE_REDSHIM_PORT $SLUICE_REDSHIM_ENDPOINT "
                               "$SLUICE_REDSHIM_CONTROL $SLUICE_REDSHIM_FAULTS $SLUICE_REDSHIM_USER; ls $SLUICE_REDSHIM_CA"], stdout=subprocess.PIPE, text=True,
                              check=False)
        self.assertEqual(told.returncode, 0)
        self.assertEqual(len(set(told.stdout.split())), 6)
        alone = subprocess.run([*self.RUN, "redshim", "true"], stderr=subprocess.PIPE, text=True, check=False)
        self.assertIn("named before it", alone.stderr)

    def test_everything_ends_when_it_is_told_to_end(self):
        code = "import os, time; print(os.getpid(), flush=True); time.sleep(3600)"
        with subprocess.Popen([*self.RUN, "toxiproxy", sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as runner:
            program = int(runner.stdout.readline())
            children = pathlib.Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text().split()
            self.assertEqual(len(children), 2)
            self.assertIn(str(program), children)
            runner.send_signal(signal.SIGTERM)
            self.assertEqual(runner.wait(60), 128 + signal.SIGTERM)
        for child in children:
            self.assertFalse(os.path.exists(f"/proc/{child}"))


if __name__ == "__main__":
    unittest.main()
