# SPDX-License-Identifier: Apache-2.0
"""server.py CONFIGURATION: redshim, until it is told to end (README.md). The configuration is a file of JSON:

    {"port": 8080, "folder": "/tmp/x", "s3_endpoint": "http://127.0.0.1:9000", "isolation": "SNAPSHOT", "users": {"awsuser": "password"},
     "roles": {"arn:...:role/a,arn:...:role/b": {"access_key": "...", "secret_key": "..."}}, "keys": {"access key": "secret key"}, "tokens": {"access key": "session token"}}

`port` is the HTTP one (Data API, credentials, control); GET /addresses there says where the wire protocol is. The first of the users is a
superuser, the others may do what they are granted. `roles` read S3; requests of the HTTP side are signed with one of `keys`, and
carry its token where it has one."""
import json
import pathlib
import signal
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import loopback_http
from copy_load import S3
from copy_parquet import CODECS
from credentials import Credentials
from data_api import DataApi
from faults import Faults
from http_front import Front
from postgres import ADMIN, DATABASE, CannotStart, Postgres
from session import LEVELS
from simulated_clock import SimulatedClock
from sql_tokens import quote_name, quote_text
from wire_server import WireServer


class Shim:
    """What all sessions share."""

    def __init__(self, configuration):
        self.folder = pathlib.Path(configuration["folder"])
        self.users, self.isolation, self.database = configuration["users"], "SNAPSHOT", DATABASE
        self.databases = {DATABASE}
        self.set_isolation(configuration.get("isolation", "SNAPSHOT"))
        self.stopping, self.clock, self.faults = threading.Event(), SimulatedClock(), Faults()
        self.credentials = Credentials(self.clock, self.users)
        self.data_api = DataApi(self)
        self.records_load_errors = self.sys_has_load_errors = True
        self.codecs = CODECS
        self.keys, self.tokens = configuration["keys"], configuration.get("tokens", {})
        self.s3 = S3(configuration["s3_endpoint"], configuration["roles"])
        (self.folder / "postgres").mkdir()
        self.postgres = Postgres(self.folder / "postgres")
        self.records = self.postgres.data / "redshim"

    def start(self):
        self.folder.chmod(0o711)  # for the account postgres, which owns the folder below
        self.postgres.start()
        self.records.mkdir(mode=0o755)
        for name in "load_history", "load_error":
            (self.records / name).touch(0o644)
        admin = self.postgres.connect(ADMIN, {"options": "-c standard_conforming_strings=on"})
        admin.rows("SET allow_system_table_mods = on")
        admin.rows((HERE / "catalogue.sql").read_text())
        for i, user in enumerate(self.users):
            admin.rows(f"CREATE ROLE {quote_name([user])} LOGIN {'SUPERUSER' if i == 0 else 'NOSUPERUSER'}")
        admin.close()
        self._make_certificate()
        self.wire = WireServer(self, self.folder / "server.pem", self.folder / "server.key")
        threading.Thread(target=self.wire.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def create_database(self, name, template):
        """Redshift has no templates: this is for tests that need a database with the same content, many times over. Whoever is connected to it is no more."""
        admin = self.postgres.connect(ADMIN, database="postgres")
        admin.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {quote_text(template)}")
        admin.run(f"CREATE DATABASE {quote_name([name])} TEMPLATE {quote_name([template])}")
        admin.close()
        self.databases.add(name)

    def drop_database(self, name):
        self.databases.discard(name)
        admin = self.postgres.connect(ADMIN, database="postgres")
        admin.run(f"DROP DATABASE {quote_name([name])} WITH (FORCE)")
        admin.close()

    def create_user(self, user):
        admin = self.postgres.connect(ADMIN)
        admin.run(f"CREATE ROLE {quote_name([user])} LOGIN")
        admin.close()

    def set_isolation(self, level):
        """Of sessions that begin after this, as ALTER DATABASE ... ISOLATION LEVEL."""
        if level not in LEVELS:
            raise ValueError(f"the isolation level is none of {', '.join(LEVELS)}")
        self.isolation = level

    def addresses(self):
        return {"host": "localhost", "port": self.wire.port, "database": self.database, "ca": str(self.folder / "ca.pem"), "users": list(self.users)}

    def _make_certificate(self):
        """A CA of this run, and a certificate of it for this machine's own names."""
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for arguments in (["req", "-x509", *key, "-days", "30", "-subj", "/CN=redshim", "-keyout", "ca.key", "-out", "ca.pem"],
                          ["req", *key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"],
                          ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                           "-extfile", "names", "-out", "server.pem"]):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


def main():
    configuration = json.loads(pathlib.Path(sys.argv[1]).read_text())
    shim = Shim(configuration)
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, lambda *_: shim.stopping.set())
    try:
        shim.start()
        with loopback_http.Listener(Front, shim, configuration["port"]):
            shim.stopping.wait()
    except CannotStart as why:
        sys.exit(str(why))
    finally:
        shim.postgres.stop()


if __name__ == "__main__":
    main()
