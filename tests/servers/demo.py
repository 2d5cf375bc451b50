# SPDX-License-Identifier: Apache-2.0
"""make demo-servers: the same events through queues of SQS's protocol and buckets of S3's, on real servers: ElasticMQ and versitygw, started
on loopback and ended with the demo. What comes out is compared with what an embedded run makes of the same messages. make demo-redshift: into
Redshift's stand-in (redshim/README.md) instead of a DuckDB file, landing, loading and COPY each with its own credentials and no more rights
than examples/aws and `sluice ddl --user` give. Then every message is sent again, an hour is loaded again, of which nothing is missing, and its rows are
replaced, by themselves: none of it changes anything.

usage: demo.py SLUICE EVENTS [FOLDER] [--redshift]"""
import contextlib
import os
import pathlib
import re
import shutil
import sys
import time

SLUICE, EVENTS = str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[2])
INTO_REDSHIFT = "--redshift" in sys.argv
FOLDER = pathlib.Path(next(iter(sys.argv[3:4]), "build/demo-servers")).resolve()
os.environ["SLUICE_PROGRAM"] = SLUICE

import aws_pipeline  # noqa: E402  (it reads the variable)
import pipeline  # noqa: E402
import warehouse_pipeline  # noqa: E402
from smoke import client  # noqa: E402

STAGES = "land", "process"
BOLD, GREEN, RED, RESET = ("\033[1m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


def objects(status):
    return sum(state["objects"] for state in status["states"])


def drain(aws, keys):
    """Lands and loads until nothing waits, each with its own credentials, where there are any."""
    if not keys:
        return aws.drain("--set", "quarantine.warn_above=10%")
    while True:
        for stage in STAGES:
            aws.run("--set", "quarantine.warn_above=10%", stage, env=aws.environment(**keys[stage]))
        status = aws.status()
        if not any(status[queue][what] for queue in ("source", "notifications") for what in ("waiting", "in_flight")):
            return status


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "embedded").mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        sqs, s3, places = stack.enter_context(aws_pipeline.on_store_and_elasticmq())
        print(f"queues {BOLD}tracking{RESET} and {BOLD}raw-created{RESET} of ElasticMQ at {sqs}\n"
              f"buckets {BOLD}acme-raw{RESET} and {BOLD}acme-transformed{RESET} of versitygw at {s3}, which tells raw-created of new raw objects")
        if INTO_REDSHIFT:
            keys = aws_pipeline.least_privilege(s3)
            aws_pipeline.assert_least_privilege(s3, keys)
            target = stack.enter_context(warehouse_pipeline.target("wire as loader", s3, keys["copy"]))
            print(f"database {BOLD}{target.connect['dbname']}{RESET} of Redshift's stand-in at {target.connect['host']}:{target.connect['port']}, which reads acme-transformed")
            aws = warehouse_pipeline.WarehousePipeline(FOLDER, target=target, sqs=sqs, s3=s3, close_size="16MiB", **places)
            aws.prepare_for_loader()
            print(f"three credentials at S3, {BOLD}land{RESET}, {BOLD}process{RESET} and, of COPY, {BOLD}copy{RESET}, with the policies of examples/aws, and the user"
                  f" {BOLD}{target.loader}{RESET} in the database, with the grants of sluice ddl --user")
        else:
            aws, keys = aws_pipeline.AwsPipeline(FOLDER, sqs=sqs, s3=s3, close_size="16MiB", **places), {}
        aws.generate(EVENTS, records=50)
        aws_pipeline.keep_what_sqs_takes(FOLDER / "messages.ndjson")
        for stage in STAGES if keys else [""]:
            for line in aws.run("check", "--connect", exit_code=3, env=aws.environment(**keys.get(stage, {}))).stdout.splitlines():
                if ": may " in line:
                    print(f"{stage:7}{line}" if stage else line)
        begin = time.monotonic()
        print(aws.run("send", FOLDER / "messages.ndjson").stdout, end="")
        sent = time.monotonic()
        drain(aws, keys)
        done = time.monotonic()
        print(aws.run("status").stdout)
        found = aws.end_state()
        if INTO_REDSHIFT:
            print("every message is sent again: ", end="", flush=True)
            aws.run("send", FOLDER / "messages.ndjson")
            drain(aws, keys)
            print("nothing has changed" if aws.end_state() == found else f"{RED}that changed something{RESET}")
            hour = re.search(r"date=([-0-9]+)/([0-9]+)/", client("s3", s3).list_objects_v2(Bucket="acme-raw", MaxKeys=1)["Contents"][0]["Key"])
            aws.allow_replacing()
            for how in [], ["--replace"]:
                words = ["backfill", "--from", f"{hour[1]}T{hour[2]}", *how]
                print("sluice", *words)
                print(aws.run(*words, env=aws.environment(**keys["process"])).stdout, end="")
                print("nothing has changed\n" if aws.end_state() == found else f"{RED}that changed something{RESET}\n")
            found = aws.end_state()

    embedded = pipeline.Pipeline(FOLDER / "embedded")
    shutil.copy(FOLDER / "messages.ndjson", embedded.folder)
    embedded.send()
    embedded.run("run", "--once")
    wanted = embedded.end_state()
    for part in wanted:
        equal = found[part] == wanted[part]
        count = f"{sum(found[part].values()):,} rows" if part in pipeline.TABLES else f"{len(found[part]):,} events"
        print(f"{part:<18}{count:>16}  {GREEN + 'as embedded' + RESET if equal else RED + 'DIFFERENT from embedded' + RESET}")
    print(f"\n{sent - begin:.1f} s to send, {done - sent:.1f} s until everything was in its table or in quarantine")
    print(f"its configuration: {aws.config}   two accounts and their policies: examples/aws")
    return 0 if found == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
