# SPDX-License-Identifier: Apache-2.0
"""A pipeline whose source and notifications are queues of SQS's protocol and whose stores are buckets of S3's; its warehouse is a DuckDB
file. What it leaves behind is looked at as of an embedded one (tests/e2e/pipeline.py)."""
import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

import s3_events
import servers
from smoke import client

sys.path.insert(0, str(servers.HERE.parent / "e2e"))
import pipeline  # noqa: E402  (it is there now)

TRACKING = servers.HERE.parents[1] / "examples" / "tracking"
PREFIX = "tracking/"
DRAINS = 30  # runs that may be needed: servers answer that a queue is empty when it is not


class AwsPipeline(pipeline.Pipeline):
    """`sqs` and `s3` are the addresses that the program is told; `source`, `notifications` the queues' paths there. `kinesis`: the source is
    `stream`, a name or an ARN, at that address. `role`: the source is reached in it."""

    def __init__(self, folder, *, sqs, s3, source, notifications, raw, derived, role=None, secrets=None, close_size="64KiB", kinesis=None,
                 stream="tracking", kms_key=None, warehouse="{duckdb: data/warehouse.duckdb}"):
        super().__init__(folder)
        self.keeper = None  # a ReceiptKeeper, where runs or their deletes may fail: what was received stays hidden from the next
        self.secrets = secrets or {}  # of its environment
        self.data.mkdir(exist_ok=True)
        self.config = self.folder / "sluice.yaml"
        assume = f", assume_role: {json.dumps(role)}" if role else ""
        told = f'sqs: "{sqs}{source}"'
        if kinesis:
            told = f'kinesis: "{stream}", endpoint: "{kinesis}", checkpoints: "s3://{derived}/checkpoints/"'
        self.config.write_text(f"""
name: tracking
region: {servers.REGION}
source: {{{told}{assume}}}
raw:
  url: s3://{raw}/{PREFIX}
  endpoint: {s3}
  {f"kms_key: {kms_key}" if kms_key else ""}
  notifications: {sqs}{notifications}
  close_at: {{age: 5m, size: {close_size}}}
parquet: {{url: "s3://{derived}/parquet/", endpoint: "{s3}"}}
quarantine: {{url: "s3://{derived}/quarantine/", endpoint: "{s3}"}}
warehouse: {warehouse}
load: {{max_size: 1GiB, threads: 2}}
tables:
  - {{ddl: {TRACKING}/events.sql, when: {{has: topic}}, unique: [request_id], time: request_timestamp}}
  - {{ddl: {TRACKING}/utm.sql, when: {{has: source}}, unique: [request_id]}}
""")

    def command(self, *arguments):
        return [pipeline.PROGRAM, "--config", str(self.config), *map(str, arguments)]

    def run(self, *arguments, exit_code=0, env=None):
        return super().run(*arguments, exit_code=exit_code, env=env or self.environment())

    def environment(self, **changes):
        return {name: value for name, value in servers.client_environment().items() if not name.startswith("SLUICE_")
                or name == "SLUICE_DEPS"} | {name: str(value) for name, value in (self.secrets | changes).items()}

    def drain(self, *arguments, exit_codes=(0,)):
        """Runs until nothing waits any more. Answers everything that the program printed."""
        printed = ""
        for _ in range(DRAINS):
            done = subprocess.run(self.command(*arguments, "run", "--once"), capture_output=True, text=True, env=self.environment(),
                                  cwd=self.folder, stdin=subprocess.DEVNULL, timeout=600)
            if done.returncode not in exit_codes or "Sanitizer" in done.stderr:
                raise AssertionError(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}")
            printed += done.stdout + done.stderr
            if self.keeper:
                self.keeper.show_again()
            status = self.status()
            if not any(status[queue][what] for queue in ("source", "notifications") for what in ("waiting", "in_flight")):
                return printed
        raise AssertionError(f"after {DRAINS} runs there is still something waiting: {status}")


@contextlib.contextmanager
def on_moto():
    """Everything at one moto, whose buckets tell its own queues. Gives its address and what AwsPipeline wants to know."""
    with servers.moto() as moto:
        sqs, s3 = client("sqs", moto.address), client("s3", moto.address)
        places = {}
        for name, part in (("tracking", "source"), ("raw-created", "notifications")):
            places[part] = path_of(sqs.create_queue(QueueName=name)["QueueUrl"])
        for bucket in "acme-raw", "acme-transformed":
            s3.create_bucket(Bucket=bucket)
        arn = sqs.get_queue_attributes(QueueUrl=moto.address + places["notifications"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        s3.put_bucket_notification_configuration(Bucket="acme-raw", NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        yield moto.address, places | {"raw": "acme-raw", "derived": "acme-transformed"}


@contextlib.contextmanager
def on_store_and_elasticmq(store=servers.versitygw):
    """A store whose events a webhook brings to a queue of ElasticMQ. Gives both addresses, and what AwsPipeline wants to know.

    versitygw tells of every bucket; only the raw bucket's events are let through, as a bucket's own notifications do.
    """
    with servers.elasticmq() as sqs:
        queues = {}
        for name, part in (("tracking", "source"), ("raw-created", "notifications")):
            queues[part] = s3_events.call(sqs.address, "CreateQueue", QueueName=name)["QueueUrl"]
        with s3_events.Forwarder(sqs.address, queues["notifications"], event_of_raw_bucket) as forwarder, store(webhook=forwarder.address) as s3:
            buckets = client("s3", s3.address)
            for bucket in "acme-raw", "acme-transformed":
                buckets.create_bucket(Bucket=bucket)
            if store is servers.minio:
                buckets.put_bucket_notification_configuration(Bucket="acme-raw", NotificationConfiguration={"QueueConfigurations": [
                    {"Id": "raw", "QueueArn": servers.WEBHOOK_OF_MINIO, "Events": ["s3:ObjectCreated:*"]}]})
            yield sqs.address, s3.address, {part: path_of(url) for part, url in queues.items()} | {
                "raw": "acme-raw", "derived": "acme-transformed"}


def least_privilege(s3):
    """Three accounts of the versitygw at `s3`, which may do there what examples/aws/policies says of landing, of processing and of Redshift's COPY,
    and nothing else. Answers what each has in its environment."""
    policies = servers.HERE.parents[1] / "examples" / "aws" / "policies"
    statements, keys = {"acme-raw": [], "acme-transformed": []}, {}
    for user in "land", "process", "copy":
        keys[user] = {"AWS_ACCESS_KEY_ID": f"{user}-account", "AWS_SECRET_ACCESS_KEY": f"secret-of-{user}"}
        subprocess.run([servers.installed("versitygw/versitygw"), "admin", "--access", servers.ACCESS_KEY, "--secret", servers.SECRET_KEY,
                        "--region", servers.REGION, "--endpoint-url", s3, "create-user", "--access", keys[user]["AWS_ACCESS_KEY_ID"],
                        "--secret", keys[user]["AWS_SECRET_ACCESS_KEY"], "--role", "user"], check=True, capture_output=True)
        for statement in json.loads((policies / f"{user}-role.json").read_text())["Statement"]:
            actions, resources = ([one] if isinstance(one, str) else one for one in (statement["Action"], statement["Resource"]))
            for bucket, said in statements.items():
                # The example's Parquet is below tracking/ there, this one's below parquet/.
                mine = [resource.replace("acme-transformed/tracking/", "acme-transformed/parquet/") for resource in resources
                        if resource.split(":::")[-1].split("/")[0] == bucket and actions[0].startswith("s3:")]
                if mine:
                    said.append({"Effect": "Allow", "Principal": {"AWS": [keys[user]["AWS_ACCESS_KEY_ID"]]}, "Action": actions, "Resource": mine})
    for bucket, said in statements.items():
        client("s3", s3).put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": said}))
    return keys


def assert_least_privilege(s3, keys):
    """That each of those accounts is refused what is none of its business; a store that looks at no policy refuses nothing."""
    raw, transformed = {"Bucket": "acme-raw", "Key": PREFIX + "x"}, {"Bucket": "acme-transformed", "Key": "parquet/x"}
    for user, call, place in (("land", "get_object", transformed), ("land", "list_objects_v2", {"Bucket": "acme-transformed"}),
                              ("land", "delete_object", raw), ("process", "put_object", raw), ("process", "delete_object", raw),
                              ("process", "delete_object", transformed), ("copy", "get_object", raw), ("copy", "list_objects_v2", {"Bucket": "acme-raw"}),
                              ("copy", "put_object", transformed), ("copy", "delete_object", transformed)):
        account = client("s3", s3, key=keys[user]["AWS_ACCESS_KEY_ID"], secret=keys[user]["AWS_SECRET_ACCESS_KEY"])
        try:
            getattr(account, call)(**place)
        except account.exceptions.ClientError as why:
            if why.response["Error"]["Code"] == "AccessDenied":
                continue
            raise
        raise AssertionError(f"{user} may {call} {place}")


def event_of_raw_bucket(body):
    """The event with the bucket's right name, or None if it is of another. By the key, which is percent-encoded: versitygw writes the name
    from a buffer that the next request of the connection may have overwritten by then."""
    event = json.loads(body)
    records = event.get("Records", [])
    if not all(urllib.parse.unquote_plus(record["s3"]["object"]["key"]).startswith(PREFIX) for record in records):
        return None
    for record in records:
        record["s3"]["bucket"]["name"] = "acme-raw"
    return json.dumps(event)


def keep_what_sqs_takes(path):
    """Drops messages of bytes that are no text (SQS API reference, SendMessage)."""
    def is_taken(line):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return False
        return all(c in "\t\n\r" or " " <= c <= "\ufffd" or c >= "\U00010000" for c in text)

    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(filter(is_taken, lines)))


def path_of(url):
    return "/" + url.split("://", 1)[1].split("/", 1)[1]


def embedded_end_state(folder):
    """What an embedded pipeline makes of the messages in `folder`/messages.ndjson."""
    return _embedded_end_state((pathlib.Path(folder) / "messages.ndjson").read_bytes())


@functools.cache  # most cases have the same messages
def _embedded_end_state(messages):
    with tempfile.TemporaryDirectory(prefix="sluice-servers-") as folder:
        other = pipeline.Pipeline(folder)
        (other.folder / "messages.ndjson").write_bytes(messages)
        other.send()
        other.run("run", "--once")
        return other.end_state()
