# SPDX-License-Identifier: Apache-2.0
"""The whole pipeline into Redshift's stand-in, by wire and by the Data API, and into PostgreSQL: whatever goes wrong, the end state is the
embedded run's."""
import contextlib
import signal
import subprocess

import psycopg

import aws_pipeline
import s3_events
import token_service
from fault_proxy import FaultProxy
from operation_gate import Gate
from pipeline_test import Toxics
from warehouse_case import PASSWORDS, WarehouseTest, pipeline, servers, warehouse_pipeline


class PostgresTest(WarehouseTest):
    kind = "postgres"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()
        self.assert_answers()


class IamTest(WarehouseTest):
    """With a password of a quarter of an hour, asked of the cluster's service."""
    kind = "iam"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()


class IamByRoleTest(IamTest):
    """Of a service in another account, which does not know the process's own keys."""
    kind = "iam by role"


class IamOfWorkgroupTest(WarehouseTest):
    """Asked of Redshift Serverless, which says whose it is: here the user without any rights but those of `sluice ddl --user`."""
    kind = "iam workgroup as loader"

    def test_the_whole_pipeline(self):
        self.pipeline.prepare_for_loader()
        self.pipeline.allow_replacing()
        self.whole_pipeline()
        users = {one["user"] for one in self.control("GET", "/statements") if one["application_name"] == "sluice tracking"}
        self.assertEqual(users, {self.target.loader})


class SecretTest(WarehouseTest):
    """With a password that Secrets Manager keeps."""
    kind = "secret"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()

    def test_a_password_that_changes_while_sluice_runs(self):
        """In Secrets Manager first: the login that is refused then finds it there."""
        def change(_):
            self.keep(self.target.connect["user"], self.NEW)
            self.change_at_warehouse()
            self.pipeline.send()

        self.assertEqual(self.fetches_while_it_follows(change), 2, "at the first login, and at the one that was refused")

    def test_a_password_that_changes_at_the_warehouse_first(self):
        """As Amazon's rotation does it. In between logins are refused, and tried again."""
        def change(has_printed):
            self.change_at_warehouse()
            self.pipeline.send()
            pipeline.wait_until(lambda: has_printed("password authentication failed"), "a login was refused")
            self.keep(self.target.connect["user"], self.NEW)

        self.assertGreaterEqual(self.fetches_while_it_follows(change), 3)

    NEW = "Rotated-of-redshim-2"

    def keep(self, user, password):
        self.target.secrets_manager.put_secret_value(SecretId="sluice/redshift", SecretString=warehouse_pipeline.kept_by_redshift(user, password))

    def change_at_warehouse(self):
        self.pipeline.by_owner(f"ALTER USER {self.target.connect['user']} PASSWORD '{self.NEW}'")
        self.target.connect["password"] = self.NEW

    def fetches_while_it_follows(self, change):
        follow = self.pipeline.command("run", "--follow", "--log-level", "debug", "--set", "raw.close_at.age=1s", "--set", "load.every=1s",
                                       "--set", "reconcile.every=0s")  # which has a login of its own
        path = self.pipeline.folder / "printed"
        with open(path, "w") as log, servers.process(
                follow, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=self.pipeline.environment()) as process:
            pipeline.wait_until(lambda: self.control("GET", "/statements"), "the warehouse was asked")
            change(lambda words: words in path.read_text())
            pipeline.wait_until(self.is_all_loaded, "everything is loaded")
            process.send_signal(signal.SIGTERM)
            process.wait(pipeline.PATIENCE)
        printed = path.read_text()
        self.assertEqual(process.returncode, 0, printed)
        for secret in (*PASSWORDS, self.NEW):
            self.assertNotIn(secret, printed)
        self.assert_end()
        return printed.count("secretsmanager.GetSecretValue: status=200")

    def test_what_is_fetched_again_and_what_is_said_of_it(self):
        """Of whatever address the refusal is; and of the other user, where two take turns. What is no matter of the password is not."""
        def told(*flags):
            run = self.pipeline.run("--log-level", "debug", *flags, "process", exit_code=1)
            return run.stderr.count("secretsmanager.GetSecretValue: status=200"), run.stderr

        fetches, said = told("--set", "warehouse.redshift.database=none")
        self.assertEqual(fetches, 1, said)
        self.keep("sluice_clone", "of somebody else")
        for host in self.target.connect["host"], "127.0.0.9," + self.target.connect["host"]:
            fetches, said = told("--set", "warehouse.redshift.host=" + host, "--set", "warehouse.redshift.tls=require")
            self.assertEqual(fetches, 2, said)
            self.assertRegex(said, "refused: .*password authentication failed.*; the secret is of user sluice_clone")

    def is_all_loaded(self):
        status = self.pipeline.status()
        waits = any(status[queue][what] for queue in ("source", "notifications") for what in ("waiting", "in_flight"))
        return not waits and sum(table["loaded"] for table in status["tables"]) > 0

    def test_check_says_what_the_password_needs(self):
        def told(password, *flags, exit_code=3):
            return self.pipeline.ask("--set", f"warehouse.redshift.password={password}", *flags, "check", "--connect", exit_code=exit_code)

        tried = [one for one in told("secretsmanager:sluice/redshift#password")["tried"] if one["action"] == "secretsmanager:GetSecretValue"]
        self.assertEqual([one["works"] for one in tried], [True])
        for password, why in ("secretsmanager:sluice/none#password", "ResourceNotFoundException"), ("secretsmanager:sluice/redshift#pwd", "no such key"):
            found = [one for one in told(password)["findings"] if "warehouse.redshift.password" in one]
            self.assertEqual(len(found), 1, found)
            self.assertIn(f"secretsmanager:GetSecretValue: cannot fetch {password} from ", found[0])
            self.assertIn(why, found[0])
        # Who needs no warehouse does not ask for its password.
        self.pipeline.run("--set", "warehouse.redshift.password=secretsmanager:sluice/none", "land")
        run = self.pipeline.run("--set", "warehouse.redshift.password=secretsmanager:sluice/none", "process", exit_code=1)
        self.assertIn("cannot fetch secretsmanager:sluice/none from ", run.stderr)


class RedshiftTest(WarehouseTest):
    via = None  # redshim's name of the way

    def test_the_whole_pipeline(self):
        self.whole_pipeline()
        self.assert_answers()
        self.assert_sessions_are_in_their_query_group()

    def sessions(self):
        """The texts of each of sluice's sessions."""
        sessions = {}
        for one in self.control("GET", "/statements"):
            if one["application_name"] == self.application_name:
                self.assertEqual(one["via"], self.via)
                sessions.setdefault(one["session"], []).append(one["sql"])
        return list(sessions.values())

    def test_C1_the_lock_and_the_update_are_the_first_words_of_every_transaction(self):
        """Either of them alone survives every test of outcomes. Only what makes the lock's row updates none."""
        self.pipeline.send()
        self.pipeline.run("land")
        self.store.delete_object(Bucket="acme-raw", Key=self.store.list_objects_v2(Bucket="acme-raw")["Contents"][0]["Key"])
        self.pipeline.drain()
        self.pipeline.run("pause", "a test")
        self.pipeline.run("resume")
        self.assertGreater(self.pipeline.ask("quarantine", "accept", "a test", "--since", "1d")["accepted"], 0)
        self.assert_the_lock_comes_first("sluice_fresh", "AND l.state IN \\('loaded', 'replaced'\\)\\)\n", 'UPDATE "sluice"."control" SET paused', " SET accepted = ")

    def assert_the_lock_comes_first(self, *kinds):
        """In all transactions that there were, among which are such as have these words."""
        transactions = [words for texts in self.sessions() for words in "\n".join(texts).split("BEGIN\n")[1:] if '"sluice"."version"' not in words]
        for words in transactions:
            self.assertRegex(words, r'^LOCK "sluice"."lock"\nUPDATE "sluice"."lock" SET n = n \+ 1\n')
        for kind in kinds:
            self.assertRegex("".join(transactions), kind)

    def assert_sessions_are_in_their_query_group(self):
        """All that stage or load anything."""
        staging = [texts for texts in self.sessions() if any(text.startswith(("CREATE TEMP", "BEGIN")) for text in texts)]
        self.assertGreater(len(staging), 1)
        for texts in staging:
            self.assertIn("SET query_group TO 'sluice'", texts[:2])

    def test_connections_that_break_anywhere(self):
        """Before and after each kind of statement, and after a COMMIT whose answer is lost (faults C2, C3, C4); and a COPY is refused once."""
        rules = [{"do": "error", "sql": '^COPY "sluice_stage_', "nth": 1, "via": self.via, "message": "Access Denied, told by a test"}]
        rules += [{"do": do, "sql": sql, "nth": 1, "times": 1, "via": self.via} for do in ("cut_before", "cut_after")
                 for sql in ("COPY", "^LOCK", "^UPDATE", '^CREATE TEMP TABLE "sluice_fresh"', "ledger", '^CREATE TEMP TABLE "sluice_spare"', "sluice_losers", "COMMIT")]
        self.control("PUT", "/faults", rules)
        self.pipeline.send()
        self.pipeline.drain("--set", "load.max_size=1B", exit_codes=(0, 1))
        for rule in self.control("GET", "/faults"):
            self.assertEqual(rule["struck"], 1, rule)
        self.control("PUT", "/faults", [])
        self.pipeline.drain()
        self.assert_end()

    def test_C4_a_transaction_that_is_called_aborted_but_was_done_is_no_failure(self):
        """The ledger is asked, and says that all is loaded: the run ends well."""
        self.pipeline.send()
        self.pipeline.drain()
        self.control("PUT", "/faults", [{"do": "say_aborted", "sql": "^COMMIT", "nth": 1, "times": 1, "via": self.via}])
        self.pipeline.send()
        self.pipeline.drain()
        self.assertEqual(self.control("GET", "/faults")[0]["struck"], 1)
        self.assert_end()

    def test_N1_what_a_person_on_call_does_ends_well(self):
        """A notification that was lost is sent again, an object that was overwritten takes its old version's place, and events that pass now become rows."""
        self.pipeline.send()
        self.pipeline.run("land")
        self.lose_a_notification()
        self.pipeline.drain()
        found = self.pipeline.ask("reconcile", "--repair", "--grace", "0s")
        self.assertEqual((found["missing"], found["announced"]), (1, 1), found)
        self.pipeline.drain()
        self.assert_end()

        key = self.pipeline.query("SELECT raw_key FROM sluice.ledger WHERE table_name = '*' ORDER BY 1 LIMIT 1")[0][0]
        bad = pipeline.events(1, first=3, topic="mended", website_id="no CHAR of one byte: \u00e9")
        self.store.put_object(Bucket="acme-raw", Key=aws_pipeline.PREFIX + key, Body=pipeline.events(3, topic="mended") + bad)
        self.pipeline.drain()
        self.assertEqual(self.pipeline.status()["states"]["held"]["objects"], 1)
        self.pipeline.ask("backfill", "--from", key[5:18].replace("/", "T"), "--replace")
        self.assertEqual(self.mended(), 3)
        self.assert_as_loaded()

        self.pipeline.config.write_text(self.pipeline.config.read_text().replace("unique: [request_id]", "unique: [request_id], on_bad_value: null"))
        replayed = self.pipeline.ask("quarantine", "replay")
        self.assertGreater(replayed["passed"], 0)
        self.assertEqual(replayed["changed"] + replayed["failed"], 0)
        self.assertEqual(self.mended(), 4)
        self.assert_as_loaded()
        self.assert_the_lock_comes_first('DELETE FROM "tracking"."events" USING "sluice_gone_', 'UPDATE "sluice"."quarantine" SET part = ')

    def assert_as_loaded(self):
        status = self.pipeline.status()
        self.assertTrue(status["balanced"])
        self.assertEqual([table["rows"] for table in status["tables"]], [table["loaded"] for table in status["tables"]])
        self.assert_nothing_doubled()

    def lose_a_notification(self):
        """Of an object: the first in the queue is the store's own test."""
        queue = {"QueueUrl": self.sqs + self.notifications}
        received = s3_events.call(self.sqs, "ReceiveMessage", MaxNumberOfMessages=10, **queue)["Messages"]
        lost = next(message for message in received if "ObjectCreated" in message["Body"])
        s3_events.call(self.sqs, "DeleteMessage", ReceiptHandle=lost["ReceiptHandle"], **queue)
        for message in received:
            if message is not lost:
                s3_events.call(self.sqs, "ChangeMessageVisibility", ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0, **queue)

    def mended(self):
        return self.pipeline.query("SELECT COUNT(*) FROM tracking.events WHERE topic = 'mended'")[0][0]

    def test_C6_a_transaction_that_another_stood_in_the_way_of_is_tried_again(self):
        """In its own session, with what it has staged there."""
        self.control("PUT", "/faults", [{"do": "error", "sql": "sluice_losers", "nth": 1, "times": 2, "via": self.via, "state": "40001",
                                         "message": "could not serialize access due to concurrent update"}])
        self.pipeline.send()
        printed = self.pipeline.drain()
        self.assertEqual(printed.count("another transaction stood in the way, trying again"), 2, printed)
        self.assertEqual(self.control("GET", "/faults")[0]["struck"], 2)
        self.assert_end()

    def test_C14_tables_that_cannot_be_filled_cost_no_notification_a_delivery(self):
        self.pipeline.run("ddl", "--apply")
        self.pipeline.send()
        self.pipeline.run("land")
        self.pipeline.by_owner("ALTER TABLE tracking.utm RENAME COLUMN medium TO way")
        for _ in range(2):
            self.assertIn("the table is not as its DDL says", self.pipeline.run("process", exit_code=1).stderr)
        self.assertEqual(self.pipeline.status()["notifications"]["in_flight"], 0, "nothing was received")
        self.pipeline.by_owner("ALTER TABLE tracking.utm RENAME COLUMN way TO medium")
        self.pipeline.drain()
        self.assert_end()

    def test_C13_what_a_load_that_fails_has_received_is_not_received_at_once_again(self):
        self.control("PUT", "/faults", [{"do": "error", "times": None, "sql": "sluice_losers", "via": self.via, "state": "53100", "message": "disk full"}])
        self.pipeline.send()
        self.pipeline.run("land")
        self.assertIn("disk full", self.pipeline.run("process", exit_code=1).stderr)
        status = self.pipeline.status()["notifications"]
        self.assertEqual(status["waiting"], 0, "nothing was given back")
        self.assertGreater(status["in_flight"], 1)
        self.control("PUT", "/faults", [])
        self.pipeline.keeper.show_again()
        self.pipeline.drain()
        self.assert_end()

    def test_C13_a_warehouse_that_takes_nobody_costs_no_notification_a_delivery(self):
        self.pipeline.send()
        self.pipeline.run("land")
        for state, message in ("57P03", "the cluster is being resized"), ("25006", "cannot execute UPDATE in a read-only transaction"):
            self.control("PUT", "/faults", [{"do": "error", "times": None, "via": self.via, "state": state, "message": message}])
            self.assertIn(message, self.pipeline.run("process", exit_code=1).stderr)
        self.control("PUT", "/faults", [])
        announced = self.pipeline.status()["notifications"]
        self.assertEqual(announced["in_flight"], 0, "nothing was received")
        self.assertGreater(announced["waiting"], 0)
        self.pipeline.drain()
        self.assert_end()

    def test_C11_what_hangs_is_given_up(self):
        """A COPY, a transaction and a COMMIT that was done, each with its own patience; the ledger says what became of it."""
        self.pipeline.run("ddl", "--apply")
        self.control("PUT", "/faults", [
            {"do": do, "sql": sql, "nth": 1, "times": 1, "via": self.via}
            for do, sql in (("hang_before", '^COPY "sluice_stage_'), ("hang_before", "sluice_losers"), ("hang_after", "^COMMIT"))])
        self.pipeline.send()
        self.pipeline.drain("--set", "load.max_size=1B", "--set", "warehouse.timeouts.copy=2s", "--set", "warehouse.timeouts.lock=1s",
                            "--set", "warehouse.timeouts.commit=1s", exit_codes=(0, 1))
        for rule in self.control("GET", "/faults"):
            self.assertEqual(rule["struck"], 1, rule)
        self.control("PUT", "/faults", [])
        self.pipeline.drain()
        self.assert_end()


class WireTest(RedshiftTest):
    kind, via, application_name = "wire", "wire", "sluice tracking"

    def test_C4_a_commit_that_answers_rollback_is_none(self):
        """As that of a transaction that has failed does, without an error: what it was to load is loaded by another."""
        self.pipeline.run("ddl", "--apply")
        self.control("PUT", "/faults", [{"do": "roll_back", "sql": "^COMMIT", "nth": 1, "times": 1, "via": self.via}])
        self.pipeline.send()
        self.pipeline.drain()
        self.assertEqual(self.control("GET", "/faults")[0]["struck"], 1)
        self.assert_end()

    def test_C11_each_wait_has_its_own_time(self):
        """Of a COPY, of the lock and of what stands behind it in the transaction: the others may take an hour."""
        self.pipeline.run("ddl", "--apply")
        self.pipeline.send()
        self.pipeline.run("land")
        for setting, table, told in (("copy", None, "stage sluice_stage_\\d: .*no answer in time"), ("lock", "sluice.lock", "load: take lock: .*timeout"),
                                     ("commit", "sluice.quarantine", "cannot commit load: (?!take lock).*timeout")):
            with psycopg.connect(**self.target.connect) as other, self.subTest(setting):
                if table:
                    other.execute(f"LOCK {table}")
                else:
                    self.control("PUT", "/faults", [{"do": "hang_before", "sql": '^COPY "sluice_stage_', "times": None, "via": self.via}])
                times = [f"warehouse.timeouts.{name}={'1s' if name == setting else '1h'}" for name in ("copy", "lock", "commit")]
                said = self.pipeline.run(*(word for time in times for word in ("--set", time)), "process", exit_code=1).stderr
                self.assertRegex(said, told)
                other.rollback()
                self.control("PUT", "/faults", [])
                self.pipeline.keeper.show_again()
        self.pipeline.drain()
        self.assert_end()

    def test_C11_a_rollback_that_hangs_is_given_up(self):
        """However long a transaction may wait. What made it necessary is told all the same, and it is known that nothing was loaded: the ledger is
        not asked, nothing tried again."""
        self.control("PUT", "/faults", [
            {"do": "error", "sql": "sluice_losers", "times": None, "via": self.via, "state": "53100", "message": "disk full"},
            {"do": "hang_before", "sql": "^ROLLBACK", "via": self.via}])
        self.pipeline.send()
        self.pipeline.run("land")
        with self.pipeline.started("process", "--set", "warehouse.timeouts.lock=1h", env=self.pipeline.environment()) as process:
            said = process.communicate(timeout=pipeline.PATIENCE)[1]
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("disk full", said)
        self.assertEqual([rule["struck"] for rule in self.control("GET", "/faults")], [1, 1])
        self.control("PUT", "/faults", [])
        self.pipeline.keeper.show_again()
        self.pipeline.drain()
        self.assert_end()

    def test_C11_a_connection_that_hangs_is_given_up(self):
        toxics = Toxics(self.enterContext(servers.toxiproxy()).address)
        port = toxics.proxy("redshift", f"localhost:{self.target.connect['port']}").rpartition(":")[2]
        toxics.add("redshift", "timeout", {"timeout": 0})  # nothing goes through it
        self.pipeline.send()
        self.pipeline.run("land")
        through = "--set", f"warehouse.redshift.port={port}", "--set", "warehouse.timeouts.connect=1s"
        self.assertIn("cannot connect: no answer in time", self.pipeline.run(*through, "process", exit_code=1).stderr)
        self.assertEqual(self.pipeline.status()["notifications"]["in_flight"], 0, "nothing was received")
        self.pipeline.drain()
        self.assert_end()

    def test_C13_a_warehouse_with_connections_enough_is_asked_again_by_the_next_run(self):
        self.pipeline.send()
        self.pipeline.run("land")
        self.control("PUT", "/faults", [{"do": "refuse", "times": None, "state": "53300", "message": "too many connections"}])
        for _ in range(2):
            self.assertIn("too many connections", self.pipeline.run("process", exit_code=1).stderr)
        self.control("PUT", "/faults", [])
        self.assertEqual(self.pipeline.status()["notifications"]["in_flight"], 0, "nothing was received")
        self.pipeline.drain()
        self.assert_end()

    def test_a_certificate_of_nobody_known_or_of_another_host_is_refused(self):
        """By the default (fault S6)."""
        toxics = Toxics(self.enterContext(servers.toxiproxy()).address)
        port = toxics.proxy("redshift", f"localhost:{self.target.connect['port']}", host="127.0.0.9").rpartition(":")[2]
        elsewhere = "--set", "warehouse.redshift.host=127.0.0.9", "--set", f"warehouse.redshift.port={port}"
        self.pipeline.send()
        self.pipeline.run("land")
        for flags in ("--set", "warehouse.redshift.tls_root=/etc/ssl/certs/ca-certificates.crt"), elsewhere:
            self.assertRegex(self.pipeline.run(*flags, "process", exit_code=1).stderr, "cannot connect: refused: .*certificate")
        self.pipeline.run(*elsewhere, "--set", "warehouse.redshift.tls=require", "process")
        self.pipeline.drain()
        self.assert_end()


class DataApiTest(RedshiftTest):
    kind, via, application_name = "data_api", "data", "RedshiftDataAPI"

    def test_a_service_that_has_statements_enough_is_asked_again(self):
        """ActiveStatementsExceededException: nothing was begun. First for longer than sluice asks, then with room for one statement at a time."""
        self.pipeline.send()
        self.pipeline.run("land")
        self.control("PUT", "/limits", {"active_statements": 0})
        self.assertIn("ActiveStatementsExceededException", self.pipeline.run("process", exit_code=1).stderr)
        self.control("PUT", "/limits", {"active_statements": 1})
        self.assertEqual(self.pipeline.status()["notifications"]["in_flight"], 0, "nothing was received")
        self.pipeline.drain()
        self.assert_end()

    def begin_behind_a_proxy(self):
        """Objects wait to be loaded. The proxy, and the flags that lead through it."""
        self.pipeline.run("ddl", "--apply")
        self.pipeline.send()
        self.pipeline.run("land")
        proxy = self.enterContext(FaultProxy(self.target.control))
        return proxy, ("--set", f"warehouse.redshift_data_api.endpoint={proxy.address}")

    @contextlib.contextmanager
    def committed_and_not_told(self, *flags):
        """A process that waits to hear of its COMMIT, which is done."""
        self.control("PUT", "/faults", [{"do": "hang_after", "sql": "^COMMIT", "nth": 1, "via": self.via}])
        with self.pipeline.started("process", *flags, env=self.pipeline.environment()) as process:
            pipeline.wait_until(lambda: self.control("GET", "/faults")[0]["struck"], "the COMMIT is done")
            yield process
        self.control("PUT", "/faults", [])

    def test_C23_a_batch_whose_answer_is_lost_is_handed_in_again_and_done_once(self):
        """By the same ClientToken, which the service answers with the statement that it began."""
        proxy, through = self.begin_behind_a_proxy()
        proxy.set_rules([{"match": {"target": "BatchExecuteStatement"}, "fault": {"do": "lose_reply"}}])
        self.control("DELETE", "/statements")
        self.pipeline.drain(*through)
        asked = [one["asked"] for one in proxy.requests() if "BatchExecute" in str(one["headers"])]
        self.assertEqual(asked[:2], [200, 200])
        done = [one for one in self.control("GET", "/statements") if one["sql"] == "COMMIT"]
        self.assertEqual(len(done), len(asked) - 1)
        self.assert_end()

    def test_C23_a_statement_that_the_service_knows_no_more_is_looked_up_in_the_ledger(self):
        """It keeps them for a day."""
        self.begin_behind_a_proxy()
        with self.committed_and_not_told() as process:
            self.control("POST", "/clock", {"advance": 25 * 3600})
            said = process.communicate(timeout=pipeline.PATIENCE)[1]
        self.assertEqual(process.returncode, 0, said)
        self.assertRegex(said, "asking the ledger: .*ResourceNotFoundException")
        self.pipeline.drain()
        self.assert_end()

    def test_C5_a_session_that_ends_while_its_loader_is_paused_loads_nothing(self):
        """Between staging and transaction; the next run stages it all again."""
        self.pipeline.run("ddl", "--apply")
        self.pipeline.send()
        self.pipeline.run("land")
        gate = Gate()
        proxy = self.enterContext(gate.before("data", self.target.control))

        def pause(_, forward):
            self.control("POST", "/clock", {"advance": 20 * 60})
            return forward()

        gate.arm_first("data BatchExecuteStatement", pause)
        said = self.pipeline.run("--set", f"warehouse.redshift_data_api.endpoint={proxy.address}", "process", exit_code=1).stderr
        self.assertEqual(gate.struck, "data BatchExecuteStatement")
        self.assertIn("Session is not available", said)
        self.assertEqual(self.pipeline.query("SELECT COUNT(*) FROM sluice.ledger"), [(0,)])
        self.pipeline.keeper.show_again()
        self.pipeline.drain()
        self.assert_end()

    EXPIRED = {"do": "error", "status": 400, "code": "ExpiredTokenException"}

    def test_C18_credentials_that_end_between_staging_and_transaction_load_nothing(self):
        proxy, through = self.begin_behind_a_proxy()
        proxy.set_rules([{"match": {"target": "BatchExecuteStatement"}, "count": 0, "fault": self.EXPIRED}])
        self.assertIn("ExpiredTokenException", self.pipeline.run(*through, "process", exit_code=1).stderr)
        self.assertGreater(proxy.rules()[0]["struck"], 0)
        self.assertEqual(self.pipeline.query("SELECT COUNT(*) FROM sluice.ledger"), [(0,)])
        self.pipeline.keeper.show_again()
        self.pipeline.drain()
        self.assert_end()

    def test_C18_credentials_that_end_behind_the_transaction_are_no_loss(self):
        """Nobody can say what became of it; the next run finds it in the ledger."""
        proxy, through = self.begin_behind_a_proxy()
        with self.committed_and_not_told(*through) as process:
            proxy.set_rules([{"match": {"target": target}, "count": 0, "fault": self.EXPIRED} for target in ("DescribeStatement", "ExecuteStatement")])
            said = process.communicate(timeout=pipeline.PATIENCE)[1]
        self.assertEqual(process.returncode, 1, said)
        self.assertRegex(said, "asking the ledger: .*ExpiredTokenException")
        self.assertGreater(self.pipeline.status()["notifications"]["in_flight"], 0, "nothing was deleted")
        self.pipeline.keeper.show_again()
        self.pipeline.drain()
        self.assert_end()


class DataApiBySecretTest(WarehouseTest):
    """As the user whose password the service itself reads in Secrets Manager; whoever signs may make no tables."""
    kind = "data_api secret"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()


class DataApiByRoleTest(WarehouseTest):
    """In another account, without a way to it but HTTPS."""
    kind = "data_api by role"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()

    def test_a_role_that_is_not_given_is_told(self):
        """By check too, which names what is missing."""
        self.pipeline.secrets["EXTERNAL_ID"] = "another"
        self.pipeline.send()
        self.pipeline.run("land")
        self.assertIn(f"cannot assume role {token_service.ROLE}", self.pipeline.run("process", exit_code=1).stderr)
        found = self.pipeline.ask("check", "--connect", exit_code=1)
        tried = {one["part"]: one["works"] for one in found["tried"]}
        self.assertFalse(tried["warehouse.redshift_data_api.assume_role"])
        self.assertTrue(tried["parquet"], "what else was tried is told all the same")
        self.assertIn(f"cannot assume role {token_service.ROLE}", found["failure"])
        self.pipeline.secrets["EXTERNAL_ID"] = token_service.EXTERNAL_ID
        self.pipeline.drain()
        self.assert_end()


del RedshiftTest

if __name__ == "__main__":
    pipeline.unittest.main()
