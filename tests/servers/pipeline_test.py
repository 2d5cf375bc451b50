# SPDX-License-Identifier: Apache-2.0
"""The whole pipeline on real servers: whatever they do, the end state is the embedded run's."""
import datetime
import json
import subprocess
import urllib.request

import aws_pipeline
import fault_proxy
import pipeline
import s3_events
import servers
import token_service
from aws_pipeline import AwsPipeline, embedded_end_state
from receipt_keeper import ReceiptKeeper
from smoke import client

EVENTS = 3000
SECRETS = (servers.SECRET_KEY, "Signature=", "X-Amz-Signature", "Credential=", "Authorization", token_service.EXTERNAL_ID, *token_service.GIVEN[1:])


def unfinished(s3):
    """Bucket and key of each upload that was begun and not ended."""
    return {(bucket, upload["Key"]) for bucket in ("acme-raw", "acme-transformed")
            for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])}


def give_dead_letters(sqs, queue, most_receives=20):
    """A dead-letter queue to the one at `queue`, of which it answers the ARN."""
    name = queue.rsplit("/", 1)[-1]
    arn_of = lambda url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]  # noqa: E731
    dead = arn_of(sqs.create_queue(QueueName=f"{name}-dead", Attributes={"MessageRetentionPeriod": "1209600"})["QueueUrl"])
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": str(most_receives)})})
    return arn_of(queue)


class AwsTest(pipeline.PipelineTest):
    def begin(self, *, events=EVENTS, **places):
        """A pipeline with messages that wait in its source; `wanted` is what must come of them."""
        self.pipeline = AwsPipeline(self.pipeline.folder, **places)
        self.pipeline.generate(events, records=20)
        aws_pipeline.keep_what_sqs_takes(self.pipeline.folder / "messages.ndjson")
        self.wanted = embedded_end_state(self.pipeline.folder)

    def assert_end(self):
        status = self.pipeline.status()
        for queue in "source", "notifications":
            self.assertEqual((status[queue]["waiting"], status[queue]["in_flight"]), (0, 0), queue)
        self.assertTrue(status["balanced"])
        self.assertGreater(status["tables"][0]["quarantined"], 0)
        self.assert_nothing_doubled()
        self.assert_same_state(self.pipeline.end_state(), self.wanted)

    def assert_no_secret(self, printed):
        for secret in SECRETS:
            self.assertNotIn(secret, printed)


class MotoTest(AwsTest):
    def test_everything_at_one_moto_with_an_assumed_role(self):
        """Whose queue knows nobody but the role. And everything that is printed at the most talkative level holds no secret (fault S5), be it one that
        only the token service gave."""
        address, places = self.enterContext(aws_pipeline.on_moto())
        account = self.enterContext(fault_proxy.FaultProxy(address))
        account.set_rules([{"match": {"body": places["source"], "headers": {"X-Amz-Security-Token": f"^(?!{token_service.GIVEN[2]}$)"}}, "count": 0,
                            "fault": {"do": "error", "status": 400, "code": "AccessDeniedException"}}])
        sts = self.enterContext(token_service.TokenService())
        role = {"arn": token_service.ROLE, "external_id": "env:EXTERNAL_ID", "endpoint": sts.address}
        self.begin(sqs=account.address, s3=address, role=role, secrets={"EXTERNAL_ID": token_service.EXTERNAL_ID}, **places)
        self.pipeline.send()
        printed = self.pipeline.drain("--log-level", "debug")
        self.assert_end()
        for call in "sts POST /", "sqs AmazonSQS.ReceiveMessage", "s3 PUT /acme-raw/tracking/", "s3 GET /acme-transformed/parquet/":
            self.assertIn(call, printed)
        self.assert_no_secret(printed)
        # Messages that were deleted are delivered again, as SQS may do (fault L9): load drops their events.
        self.pipeline.send()
        self.pipeline.drain()
        self.assert_end()

    def test_somebodys_queue_is_looked_into_and_tried_and_keeps_its_messages(self):
        address, places = self.enterContext(aws_pipeline.on_moto())
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=address, s3=address, **places)
        self.pipeline.generate(2000, records=20)
        aws_pipeline.keep_what_sqs_takes(self.pipeline.folder / "messages.ndjson")
        sent = self.pipeline.send()
        sample = self.pipeline.folder / "sample.ndjson"
        done = subprocess.run([pipeline.PROGRAM, "--dir", self.pipeline.folder / "none", "sample", "--json", "-n", "15", sample,
                               "--source", address + places["source"], "--region", servers.REGION],
                              capture_output=True, text=True, env=self.pipeline.environment(), timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        events = json.loads(done.stdout)["events"]
        self.assertEqual(self.pipeline.ask("preview", sample)["events"], events)
        landed = self.pipeline.ask("run", "--keep", "--limit", 5)["landed"]
        self.assertEqual((landed["messages"], landed["objects"], landed["deleted"]), (5, 1, 0))
        status = self.pipeline.status()["source"]
        self.assertEqual((status["waiting"], status["in_flight"]), (sent, 0))

    def test_an_hour_is_replaced_though_the_warehouse_reads_files(self):
        """What another configuration made of it is no longer beside the file, and is fetched."""
        address, places = self.enterContext(aws_pipeline.on_moto())
        self.begin(sqs=address, s3=address, **places)
        self.pipeline.send()
        self.pipeline.drain()
        keys = [item["Key"] for item in client("s3", address).list_objects_v2(Bucket="acme-raw")["Contents"]]
        day = keys[0].split("date=")[1][:10]
        done = self.pipeline.ask("--set", "parquet.compression=zstd", "backfill", "--from", day, "--replace")
        self.assertEqual((done["processed"]["loaded"], done["processed"]["failed"]), (len(keys), 0), done)
        self.assert_end()

    def test_C13_a_duckdb_file_whose_folder_is_away_leaves_no_folder_behind(self):
        """Nor where the Parquet of a load is fetched to, beside it: a mount that is not there yet."""
        address, places = self.enterContext(aws_pipeline.on_moto())
        self.begin(sqs=address, s3=address, events=2000, **places)
        self.pipeline.send()
        self.pipeline.drain()
        folder = self.pipeline.folder / "mounted"
        for command in ("process",), ("run", "--once"), ("quarantine", "replay"), ("backfill", "--from", "2020-06-01"):
            done = self.pipeline.run("--set", f"warehouse.duckdb={folder}/warehouse.duckdb", *command, exit_code=1)
            self.assertRegex(done.stderr, "put the warehouse back|the warehouse is gone")
            self.assertFalse(folder.exists(), command)
        self.assert_end()

    def test_check_says_what_works_and_what_is_not_there(self):
        address, places = self.enterContext(aws_pipeline.on_moto())
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=address, s3=address, **places)
        tried = {(one["part"], one["action"]): one["works"] for one in self.pipeline.ask("check", "--connect", exit_code=3)["tried"]}
        self.assertEqual(len(tried), 2 * 4 + 3 * 5 + 1)
        self.assertTrue(all(tried.values()), tried)
        found = self.pipeline.ask("--set", "raw.url=s3://no-such-bucket/x/", "check", "--connect", exit_code=3)
        self.assertTrue(any("NoSuchBucket" in finding for finding in found["findings"]), found["findings"])
        nobody = self.pipeline.environment(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
        found = self.pipeline.ask("check", "--connect", exit_code=3, env=nobody)
        self.assertTrue(any("no AWS credentials" in finding for finding in found["findings"]), found["findings"])


    def test_uploads_that_were_left_are_ended_by_who_writes_there(self):
        """moto says of every upload that it was begun in 2010."""
        address, places = self.enterContext(aws_pipeline.on_moto())
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=address, s3=address, **places)
        s3 = client("s3", address)
        begun = {("acme-raw", "tracking/a"), ("acme-raw", "other/a"), ("acme-transformed", "parquet/a"), ("acme-transformed", "quarantine/a")}
        for bucket, key in begun:
            s3.create_multipart_upload(Bucket=bucket, Key=key)
        self.assertEqual(unfinished(s3), begun)
        self.pipeline.run("land")
        self.assertEqual(unfinished(s3), begun - {("acme-raw", "tracking/a")})
        self.pipeline.run("process")
        self.assertEqual(unfinished(s3), {("acme-raw", "other/a")})

    def statements_that_lack(self, proxy, match, **refusal):
        """(action, resource) of those that check prints where what matches is refused for want of a permission."""
        proxy.set_rules([{"match": match, "count": 0, "fault": {"do": "error", **refusal}}])
        found = self.pipeline.ask("check", "--connect", exit_code=3)["findings"]
        said = [json.loads(finding.split("a policy must say: ")[1]) for finding in found if "a policy must say: " in finding]
        self.assertEqual({one.pop("Effect") for one in said}, {"Allow"}, found)
        return sorted((one["Action"], one["Resource"]) for one in said)

    def test_S8_check_names_the_statement_that_is_missing_of_each_action(self):
        address, places = self.enterContext(aws_pipeline.on_moto())
        proxy = self.enterContext(fault_proxy.FaultProxy(address))
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=proxy.address, s3=proxy.address, secrets={
            "SLUICE_ALERT_WEBHOOK": "env:WEBHOOK", "WEBHOOK": "https://127.0.0.1:9/"}, **places)
        queues = [give_dead_letters(client("sqs", address), address + places[part]) for part in ("notifications", "source")]
        for call, action in (("GetQueueAttributes", "GetQueueAttributes"), ("ReceiveMessage", "ReceiveMessage"),
                             ("ChangeMessageVisibilityBatch", "ChangeMessageVisibility"), ("DeleteMessageBatch", "DeleteMessage")):
            with self.subTest(call):
                self.assertEqual(self.statements_that_lack(proxy, {"target": call}, status=400, code="AccessDeniedException"),
                                 [(f"sqs:{action}", queue) for queue in queues])
        for call, of, said in (("GetQueueUrl", "", [("sqs:GetQueueUrl", dead) for dead in (f"{queues[0]}-dead", f"{queues[1]}-dead")]),
                               ("GetQueueAttributes", "-dead", [("sqs:GetQueueAttributes", f"{queue}-dead") for queue in queues])):
            with self.subTest(call, of=of):
                self.assertEqual(self.statements_that_lack(proxy, {"target": call, "body": of}, status=400, code="AccessDeniedException"), said)
        for match, action, resources in (
                ({"method": "GET", "query": "uploads="}, "ListBucketMultipartUploads", ["acme-raw", "acme-transformed", "acme-transformed"]),
                ({"method": "DELETE", "path": "_sluice/alerts/"}, "DeleteObject", ["acme-transformed/quarantine/_sluice/alerts/tracking/*"])):
            with self.subTest(action):
                self.assertEqual(self.statements_that_lack(proxy, match, status=403, code="AccessDenied"),
                                 [(f"s3:{action}", f"arn:aws:s3:::{resource}") for resource in resources])

    def test_check_judges_queues_by_what_the_configuration_asks_of_them(self):
        address, places = self.enterContext(aws_pipeline.on_moto())
        sqs = client("sqs", address)
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=address, s3=address, **places)
        for part, asked in ("source", "raw.close_at.age=2h"), ("notifications", "load.deadline=2h"):
            queue = address + places[part]
            with self.subTest(part):
                sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "3600"})
                refused = self.pipeline.run("--set", asked, "check", "--connect", exit_code=2).stderr
                self.assertRegex(refused, "deletes messages at an age of 60 min, and .* may need .* set MessageRetentionPeriod to 14 days")
                self.pipeline.run("check", "--connect", exit_code=3)  # enough for what is asked of it without that
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "1209600"})
        with self.subTest("maxReceiveCount"):
            give_dead_letters(sqs, address + places["source"], most_receives=1)
            self.assertIn("set maxReceiveCount to 20 or more", self.pipeline.run("check", "--connect", exit_code=2).stderr)

    def test_status_says_when_the_notification_of_what_waits_expires(self):
        address, places = self.enterContext(aws_pipeline.on_moto())
        sqs = client("sqs", address)
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=address, s3=address, **places)
        self.pipeline.generate(20)
        self.pipeline.send()
        self.pipeline.run("land")
        for days in 1, 4:
            sqs.set_queue_attributes(QueueUrl=address + places["notifications"], Attributes={"MessageRetentionPeriod": str(days * 86_400)})
            backlog = self.pipeline.status()["backlog"]
            since, expire = (datetime.datetime.fromisoformat(backlog[key]) for key in ("objects_since", "notifications_expire"))
            self.assertEqual(expire - since, datetime.timedelta(days=days))

    def test_S8_check_names_the_role_of_the_source_that_is_not_given(self):
        address, places = self.enterContext(aws_pipeline.on_moto())
        sts = self.enterContext(token_service.TokenService())
        role = {"arn": token_service.ROLE, "external_id": "env:EXTERNAL_ID", "endpoint": sts.address}
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=address, s3=address, role=role, secrets={"EXTERNAL_ID": "another"}, **places)
        found = self.pipeline.ask("check", "--connect", exit_code=3)
        said = [json.loads(finding.split("a policy must say: ")[1]) for finding in found["findings"] if "a policy must say: " in finding]
        self.assertEqual(said, [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": token_service.ROLE}])
        parts = {one["part"] for one in found["tried"]}
        self.assertIn("raw", parts)
        self.assertNotIn("source.sqs", parts)

    def test_S8_check_names_the_statement_that_is_missing_of_a_stream(self):
        address, places = self.enterContext(aws_pipeline.on_moto())
        client("kinesis", address).create_stream(StreamName="tracking", ShardCount=1)
        proxy = self.enterContext(fault_proxy.FaultProxy(address))
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=address, s3=address, kinesis=proxy.address, **places)
        for call in "ListShards", "GetShardIterator", "GetRecords":
            with self.subTest(call):
                self.assertEqual(self.statements_that_lack(proxy, {"target": call}, status=400, code="AccessDeniedException"),
                                 [(f"kinesis:{call}", f"arn:aws:kinesis:{servers.REGION}:*:stream/tracking")])


class VersityTest(AwsTest):
    def setUp(self):
        super().setUp()
        self.sqs, self.s3, self.places = self.enterContext(aws_pipeline.on_store_and_elasticmq())

    def test_check_refuses_a_queue_that_cannot_work(self):
        fifo = s3_events.call(self.sqs, "CreateQueue", QueueName="events.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=self.sqs, s3=self.s3, **self.places | {"source": aws_pipeline.path_of(fifo)})
        self.assertIn("it is a FIFO queue", self.pipeline.run("check", "--connect", exit_code=2).stderr)

    def test_check_judges_the_source_for_a_lambda_function(self):
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=self.sqs, s3=self.s3, **self.places)
        judge = lambda timeout: self.pipeline.run("check", "--connect", "--lambda-timeout", timeout, exit_code=2).stderr  # noqa: E731
        self.assertIn("set VisibilityTimeout to 6 min", judge("1m"))
        self.assertIn("from 1s to 20m", judge("0s"))

    def test_an_upload_that_was_begun_just_now_is_somebodys(self):
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=self.sqs, s3=self.s3, **self.places)
        s3 = client("s3", self.s3)
        begun = {("acme-raw", "tracking/a"), ("acme-transformed", "parquet/a"), ("acme-transformed", "quarantine/a")}
        for bucket, key in begun:
            s3.create_multipart_upload(Bucket=bucket, Key=key)
        self.pipeline.run("run", "--once")
        self.assertEqual(unfinished(s3), begun)

    def test_S1_the_bucket_of_another_account_gets_nothing_and_costs_no_message(self):
        self.pipeline = AwsPipeline(self.pipeline.folder, sqs=self.sqs, s3=self.s3, **self.places)
        self.pipeline.generate(200, records=20)
        aws_pipeline.keep_what_sqs_takes(self.pipeline.folder / "messages.ndjson")
        sent = self.pipeline.send()
        another = "--set", "raw.bucket_owner=111122223333"
        tried = self.pipeline.ask(*another, "check", "--connect", exit_code=3)["tried"]
        self.assertEqual({one["part"] for one in tried if not one["works"]}, {"raw"})
        self.assertFalse(any(one["works"] for one in tried if one["part"] == "raw"), tried)
        self.assertIn("AccessDenied", self.pipeline.run(*another, "land", exit_code=1).stderr)
        self.assertEqual(client("s3", self.s3).list_objects_v2(Bucket="acme-raw")["KeyCount"], 0)
        status = self.pipeline.status()["source"]
        self.assertEqual(status["waiting"] + status["in_flight"], sent)

    def test_objects_of_several_parts(self):
        """Uploads in parts, parts that are read ahead, and large files fetched for the warehouse."""
        self.begin(sqs=self.sqs, s3=self.s3, close_size="64MiB", events=40_000, **self.places)
        self.pipeline.send()
        self.pipeline.drain("--set", "raw.compression=none", "--set", "raw.part_size=6MiB")
        self.assert_end()
        largest = max(client("s3", self.s3).list_objects_v2(Bucket="acme-raw")["Contents"], key=lambda item: item["Size"])
        self.assertGreater(largest["Size"], 16 << 20)
        parts = -(-largest["Size"] // (6 << 20))
        self.assertTrue(largest["ETag"].endswith(f'-{parts}"'), largest)

    def test_through_a_proxy_that_fails(self):
        """HTTP that goes wrong in every way at both services (faults L3, L5, L6, L7, L8, L16, T25)."""
        keeper = self.enterContext(ReceiptKeeper(self.sqs))
        sqs = self.enterContext(fault_proxy.FaultProxy(keeper.address))
        s3 = self.enterContext(fault_proxy.FaultProxy(self.s3))
        self.begin(sqs=sqs.address, s3=s3.address, **self.places)
        self.pipeline.keeper = keeper
        every = {"count": 1}

        def failed(code, forwarded=False):
            """Every entry of a batch, with status 200."""
            entries = [{"Id": str(i), "SenderFault": False, "Code": code, "Message": "made up"} for i in range(10)]
            return {"do": "answer", "status": 200, "body": json.dumps({"Failed": entries}), "forwarded": forwarded}

        s3.set_rules([
            {"match": {"method": "PUT"}, "nth": 1, "fault": {"do": "lose_reply"}} | every,
            {"match": {"method": "PUT"}, "nth": 3, "fault": {"do": "error", "status": 503, "code": "SlowDown"}} | every,
            {"match": {"method": "PUT"}, "nth": 5, "fault": {"do": "error", "status": 409, "code": "ConditionalRequestConflict"}} | every,
            {"match": {"method": "PUT"}, "nth": 7, "fault": {"do": "error", "status": 200, "code": "InternalError"}} | every,
            {"match": {"method": "PUT"}, "nth": 9, "fault": {"do": "error", "status": 200, "code": "InternalError", "forwarded": True}} | every,
            {"match": {"method": "PUT"}, "nth": 11, "fault": {"do": "page", "forwarded": True}} | every,
            {"match": {"method": "PUT"}, "nth": 13, "fault": {"do": "lose_request"}} | every,
            {"match": {"method": "PUT"}, "nth": 15, "fault": {"do": "other_checksum"}} | every,
            {"match": {"method": "PUT"}, "nth": 17, "fault": {"do": "other_etag"}} | every,
            {"match": {"method": "GET", "path": "parquet|tracking"}, "nth": 1, "fault": {"do": "cut", "at": 100}} | every,
            {"match": {"method": "GET", "path": "parquet|tracking"}, "nth": 3, "fault": {"do": "truncate", "at": 100}} | every,
            {"match": {"method": "GET", "path": "parquet|tracking"}, "nth": 5, "fault": {"do": "lose_reply"}} | every,
            {"match": {"method": "GET", "path": "parquet|tracking"}, "nth": 7, "fault": {"do": "page"}} | every,
            {"match": {"method": "HEAD"}, "nth": 2, "fault": {"do": "error", "status": 500, "code": "InternalError"}} | every,
        ])
        sqs.set_rules([
            {"match": {"target": "SendMessageBatch"}, "nth": 2, "fault": failed("InternalError")} | every,
            {"match": {"target": "SendMessageBatch"}, "nth": 3, "fault": failed("InternalError", forwarded=True)} | every,
            {"match": {"target": "ReceiveMessage"}, "nth": 2, "fault": {"do": "error", "status": 503, "code": "ServiceUnavailable"}} | every,
            {"match": {"target": "ReceiveMessage"}, "nth": 4, "fault": {"do": "lose_request"}} | every,
            {"match": {"target": "DeleteMessageBatch"}, "nth": 1, "fault": {"do": "lose_reply"}} | every,
            {"match": {"target": "DeleteMessageBatch"}, "nth": 3, "fault": {"do": "error", "status": 500, "code": "InternalError", "forwarded": True}} | every,
            {"match": {"target": "DeleteMessageBatch"}, "nth": 5, "fault": {"do": "skew", "minutes": 20}} | every,
            {"match": {"target": "DeleteMessageBatch"}, "nth": 7, "fault": failed("InternalError")} | every,
            {"match": {"target": "DeleteMessageBatch"}, "nth": 9, "fault": failed("InternalError", forwarded=True)} | every,
            {"match": {"target": "DeleteMessageBatch"}, "nth": 11, "fault": failed("ReceiptHandleIsInvalid")} | every,
        ])
        self.assertIn("made up", self.pipeline.run("send", self.pipeline.folder / "messages.ndjson", exit_code=1).stderr)
        self.pipeline.send()
        printed = self.pipeline.drain()
        for proxy in s3, sqs:
            untouched = [rule for rule in proxy.rules() if rule["struck"] == 0]
            self.assertEqual(untouched, [], "faults that never struck test nothing")
        self.assertIn("cannot delete all landed messages: sqs refused: InternalError: made up", printed)
        puts = [(request["target"], request["fault"]) for request in s3.requests() if request["method"] == "PUT"]
        doubted, = (target for target, fault in puts if fault == "other_checksum")
        self.assertEqual([fault for target, fault in puts if target == doubted], ["other_checksum", None], "it was not sent again")
        self.assert_end()

    def test_through_a_network_that_fails(self):
        """Latency, connections that are reset, and such that end in the middle, by toxiproxy. The ends are sure to come: nobody's connection holds for
        all messages, or for all objects."""
        toxiproxy = self.enterContext(servers.toxiproxy())
        toxics = Toxics(toxiproxy.address)
        keeper = self.enterContext(ReceiptKeeper(self.sqs))
        sqs, s3 = toxics.proxy("sqs", keeper.address), toxics.proxy("s3", self.s3)
        self.begin(sqs=sqs, s3=s3, **self.places)
        self.pipeline.keeper = keeper
        self.pipeline.send()
        toxics.add("sqs", "latency", {"latency": 30, "jitter": 30})
        toxics.add("s3", "latency", {"latency": 20, "jitter": 20})
        toxics.add("s3", "reset_peer", {"timeout": 150}, toxicity=0.15)
        toxics.add("s3", "limit_data", {"bytes": 20_000}, toxicity=0.15)
        toxics.add("s3", "limit_data", {"bytes": 60_000}, stream="upstream")
        toxics.add("sqs", "reset_peer", {"timeout": 300}, toxicity=0.3)
        toxics.add("sqs", "limit_data", {"bytes": 500_000})
        printed = self.pipeline.drain("--log-level", "debug", exit_codes=(0, 1))
        for service in "s3 PUT", "sqs AmazonSQS.ReceiveMessage":
            self.assertRegex(printed, f" debug {service}.*: no answer from ", "toxics that never struck test nothing")
        self.assert_end()


class KinesisTest(AwsTest):
    def test_another_accounts_stream_that_is_split_while_it_is_read(self):
        """Every record is in its table once, whatever shards become (fault L18), and the checkpoints are beside what is derived. The stream's account
        knows nobody but its role."""
        sqs, s3, places = self.enterContext(aws_pipeline.on_store_and_elasticmq())
        address = self.enterContext(servers.kinesis()).address
        kinesis = client("kinesis", address)
        kinesis.create_stream(StreamName="tracking", ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(StreamName="tracking", WaiterConfig={"Delay": 1})
        account = self.enterContext(fault_proxy.FaultProxy(address))
        account.set_rules([{"match": {"headers": {"X-Amz-Security-Token": f"^(?!{token_service.GIVEN[2]}$)"}}, "count": 0,
                            "fault": {"do": "error", "status": 400, "code": "AccessDeniedException"}}])
        sts = self.enterContext(token_service.TokenService())
        role = {"arn": token_service.ROLE, "external_id": "env:EXTERNAL_ID", "endpoint": sts.address}
        self.begin(sqs=sqs, s3=s3, kinesis=account.address, stream=kinesis.describe_stream_summary(StreamName="tracking")["StreamDescriptionSummary"]["StreamARN"],
                   role=role, secrets={"EXTERNAL_ID": token_service.EXTERNAL_ID}, **places)
        tried = {(one["part"], one["action"]): one["works"] for one in self.pipeline.ask("check", "--connect", exit_code=3)["tried"]}
        self.assertTrue(tried["source.assume_role", "sts:AssumeRole"], tried)
        for call in "ListShards", "GetShardIterator", "GetRecords":
            self.assertTrue(tried["source.kinesis", f"kinesis:{call}"], tried)
        messages = (self.pipeline.folder / "messages.ndjson").read_bytes().splitlines()
        half = len(messages) // 2
        self.put(kinesis, messages[:half])
        self.pipeline.run("run", "--once")
        shard = kinesis.list_shards(StreamName="tracking")["Shards"][0]
        middle = (int(shard["HashKeyRange"]["StartingHashKey"]) + int(shard["HashKeyRange"]["EndingHashKey"])) // 2
        kinesis.split_shard(StreamName="tracking", ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))
        kinesis.get_waiter("stream_exists").wait(StreamName="tracking", WaiterConfig={"Delay": 1})
        self.put(kinesis, messages[half:])
        for _ in range(3):
            self.pipeline.run("run", "--once")
        self.assertTrue(self.pipeline.status()["balanced"])
        self.assert_nothing_doubled()
        self.assert_same_state(self.pipeline.end_state(), self.wanted)

    @staticmethod
    def put(kinesis, messages):
        for i in range(0, len(messages), 100):
            records = [{"Data": message, "PartitionKey": str(i + n)} for n, message in enumerate(messages[i:i + 100])]
            failed = kinesis.put_records(StreamName="tracking", Records=records)["FailedRecordCount"]
            assert failed == 0, failed


class Toxics:
    """toxiproxy's HTTP interface."""

    def __init__(self, address):
        self.address = address

    def post(self, path, value):
        request = urllib.request.Request(self.address + path, json.dumps(value).encode(), {"User-Agent": "test", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def proxy(self, name, upstream, host="127.0.0.1"):
        made = self.post("/proxies", {"name": name, "listen": host + ":0", "upstream": upstream.removeprefix("http://")})
        return "http://" + made["listen"]

    def add(self, proxy, kind, attributes, toxicity=1.0, stream="downstream"):
        """Of every connection from now on, or of that share; downstream is what the server says."""
        self.post(f"/proxies/{proxy}/toxics", {"type": kind, "attributes": attributes, "toxicity": toxicity, "stream": stream})


if __name__ == "__main__":
    pipeline.unittest.main()
