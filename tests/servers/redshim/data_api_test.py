# SPDX-License-Identifier: Apache-2.0
"""The Data API and the temporary credentials, with boto3."""
import datetime
import unittest

import boto3
import botocore
import botocore.exceptions
import psycopg
from botocore.config import Config

from redshim_case import RedshimCase, smoke

ENDED = ("FINISHED", "FAILED", "ABORTED")


class DataApiTest(RedshimCase):
    def setUp(self):
        super().setUp()
        self.api = self.data_api()
        self.db.execute("CREATE TABLE t (a INTEGER, s VARCHAR(10))")
        self.table = f"{self.schema}.t"
        self.target = {"ClusterIdentifier": "redshim", "Database": "dev", "DbUser": "awsuser"}

    def tearDown(self):
        self.control("PUT", "/limits", {"active_statements": 200, "active_sessions": 500})

    def described(self, submitted):
        number = submitted if isinstance(submitted, str) else submitted["Id"]
        for _ in range(30):
            said = self.api.describe_statement(Id=number, WaitTimeSeconds=10)
            if said["Status"] in ENDED:
                return said
        self.fail(f"statement {number} does not end")

    def run_sql(self, sql, **options):
        return self.described(self.api.execute_statement(Sql=sql, **({} if "SessionId" in options else self.target), **options))

    def run_batch(self, *sqls, **options):
        return self.described(self.api.batch_execute_statement(Sqls=list(sqls), **({} if "SessionId" in options else self.target), **options))

    def value(self, sql, **options):
        return list(self.api.get_statement_result(Id=self.run_sql(sql, **options)["Id"])["Records"][0][0].values())[0]

    def refused(self, code, call, says="", **options):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**options)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertIn(says, str(caught.exception))

    def test_a_statement_is_run_and_described(self):
        said = self.run_sql(f"INSERT INTO {self.table} VALUES (1, 'x'), (2, 'y')")
        self.assertEqual((said["Status"], said["ResultRows"], said["HasResultSet"]), ("FINISHED", 2, False))
        said = self.run_sql(f"SELECT * FROM {self.table} ORDER BY a")
        self.assertEqual((said["Status"], said["ResultRows"], said["HasResultSet"]), ("FINISHED", 2, True))

    def test_fields_are_typed_and_pages_follow_each_other(self):
        got = self.api.get_statement_result(Id=self.run_sql("SELECT 1, 2::bigint, 1.5::float8, TRUE, 'x'::varchar(9), 1.50::decimal(5,2), NULL::int, "
                                                            "DATE '2026-01-02'")["Id"])
        self.assertEqual(got["Records"], [[{"longValue": 1}, {"longValue": 2}, {"doubleValue": 1.5}, {"booleanValue": True}, {"stringValue": "x"},
                                           {"stringValue": "1.50"}, {"isNull": True}, {"stringValue": "2026-01-02"}]])
        self.assertEqual([column["typeName"] for column in got["ColumnMetadata"]],
                         ["int4", "int8", "float8", "bool", "varchar", "numeric", "int4", "date"])
        self.db.cursor().executemany(f"INSERT INTO {self.table} (a) VALUES (%s)", [(1,)] * 50)
        self.db.execute(f"INSERT INTO {self.table} (a) SELECT x.a FROM {self.table} x JOIN {self.table} y ON y.a = x.a")
        number, rows, more = self.run_sql(f"SELECT a FROM {self.table}")["Id"], 0, {}
        while True:
            page = self.api.get_statement_result(Id=number, **more)
            rows += len(page["Records"])
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        self.assertEqual((rows, page["TotalNumRows"]), (2550, 2550))

    def test_a_failed_statement_says_why(self):
        said = self.run_sql("SELECT * FROM nowhere")
        self.assertEqual((said["Status"], said["Error"]), ("FAILED", 'ERROR: relation "nowhere" does not exist'))
        self.refused("ResourceNotFoundException", self.api.get_statement_result, "does not have result", Id=said["Id"])
        self.assertEqual(self.run_sql("SELECT 1 ON CONFLICT")["Status"], "FAILED")

    def test_a_batch_is_one_transaction(self):
        said = self.run_batch(f"INSERT INTO {self.table} VALUES (1, 'x')", f"UPDATE {self.table} SET s = 'y'", f"SELECT s FROM {self.table}")
        self.assertEqual([(part["Status"], part["ResultRows"]) for part in said["SubStatements"]], [("FINISHED", 1)] * 3)
        self.assertEqual(self.api.get_statement_result(Id=said["Id"] + ":3")["Records"], [[{"stringValue": "y"}]])
        said = self.run_batch(f"INSERT INTO {self.table} VALUES (2, 'x')", "SELECT * FROM nowhere", "SELECT 1")
        self.assertEqual(said["Status"], "FAILED")
        self.assertEqual([part["Status"] for part in said["SubStatements"]], ["FINISHED", "FAILED", "ABORTED"])
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)

    def test_a_batch_in_auto_commit_keeps_what_went_well(self):
        said = self.run_batch(f"INSERT INTO {self.table} VALUES (2, 'x')", "SELECT * FROM nowhere", ExecutionMode="AUTO_COMMIT")
        self.assertEqual((said["Status"], self.one("SELECT COUNT(*) FROM t")), ("FAILED", 1))

    def test_parameters_are_texts_that_become_the_columns_types(self):
        self.run_batch(f"INSERT INTO {self.table} VALUES (:a, :s)", f"INSERT INTO {self.table} SELECT :a, ':a' FROM {self.table} WHERE s = :s",
                       Parameters=[{"name": "a", "value": "7"}, {"name": "s", "value": "it's"}])
        self.assertEqual(self.rows("SELECT * FROM t ORDER BY s"), [(7, ":a"), (7, "it's")])
        given = [{"name": "a", "value": "7"}]
        self.assertEqual(self.run_sql("SELECT :a, :b", Parameters=given)["Status"], "FAILED")
        self.refused("ValidationException", self.api.execute_statement, "unused", Sql="SELECT 1", Parameters=given, **self.target)

    def test_a_client_token_is_kept_for_eight_hours(self):
        insert = {"Sql": f"INSERT INTO {self.table} VALUES (1, 'x')", "ClientToken": self.schema, **self.target}
        first = self.api.execute_statement(**insert)
        self.described(first)
        self.assertEqual(self.api.execute_statement(**insert)["Id"], first["Id"])
        self.refused("ValidationException", self.api.execute_statement, "ClientToken", **insert | {"Sql": "SELECT 1"})
        self.control("POST", "/clock", {"advance": 8 * 3600 + 1})
        self.described(self.api.execute_statement(**insert))
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 2)

    def test_a_session_keeps_its_temporary_tables_until_its_time_is_up(self):
        session = self.run_sql("CREATE TEMP TABLE x AS SELECT 5 AS a", SessionKeepAliveSeconds=60)["SessionId"]
        self.assertEqual(self.value("SELECT a FROM x", SessionId=session), 5)
        self.control("POST", "/clock", {"advance": 59})
        said = self.run_batch("INSERT INTO x VALUES (6)", f"INSERT INTO {self.table} (a) SELECT a FROM x", SessionId=session)
        self.assertEqual(said["Status"], "FINISHED")
        self.control("POST", "/clock", {"advance": 61})
        self.refused("ValidationException", self.api.execute_statement, "Session is not available", Sql="SELECT 1", SessionId=session)
        self.assertEqual(self.run_sql("SELECT a FROM x")["Status"], "FAILED")

    def test_a_busy_session_takes_no_second_statement(self):
        session = self.run_sql("SELECT 1", SessionKeepAliveSeconds=60)["SessionId"]
        self.control("PUT", "/faults", [{"do": "hang_before", "sql": "hang"}])
        running = self.api.execute_statement(Sql="SELECT 'hang'", SessionId=session)
        self.refused("ValidationException", self.api.execute_statement, "busy", Sql="SELECT 1", SessionId=session)
        self.control("PUT", "/faults", [])
        self.assertEqual(self.described(running)["Status"], "FINISHED")
        self.assertEqual(self.value("SELECT 1", SessionId=session), 1)

    def test_a_running_statement_can_be_cancelled_once(self):
        self.db.execute("BEGIN")
        self.db.execute("LOCK t")
        running = self.api.execute_statement(Sql=f"INSERT INTO {self.table} VALUES (1, 'x')", **self.target)
        self.until(lambda: self.api.describe_statement(Id=running["Id"])["Status"] == "STARTED")
        self.until(lambda: self.one("SELECT COUNT(*) FROM pg_locks WHERE NOT granted") > 0)
        self.assertTrue(self.api.cancel_statement(Id=running["Id"])["Status"])
        self.assertEqual(self.described(running)["Status"], "ABORTED")
        self.db.execute("COMMIT")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 0)
        self.refused("ValidationException", self.api.cancel_statement, "already in ABORTED state", Id=running["Id"])

    def test_limits_are_those_of_the_service(self):
        self.refused("ValidationException", self.api.execute_statement, "maximum size", Sql="SELECT '" + "x" * 100_000 + "'", **self.target)
        self.refused("ValidationException", self.api.batch_execute_statement, "between 1 and 40", Sqls=["SELECT 1"] * 41, **self.target)
        self.refused("ValidationException", self.api.execute_statement, "Multiple statements", Sql="SELECT 1; SELECT 2", **self.target)
        self.refused("ValidationException", self.api.execute_statement, "endpoint doesn't exist", Sql="SELECT 1",
                     **self.target | {"ClusterIdentifier": "other"})
        self.assertEqual(self.run_sql("SELECT " + ", ".join(["REPEAT('x', 60000)"] * 2))["Status"], "FAILED")
        self.control("PUT", "/limits", {"active_statements": 0, "active_sessions": 0})
        self.refused("ActiveStatementsExceededException", self.api.execute_statement, Sql="SELECT 1", **self.target)
        self.control("PUT", "/limits", {"active_statements": 10})
        self.refused("ActiveSessionsExceededException", self.api.execute_statement, Sql="SELECT 1", SessionKeepAliveSeconds=1, **self.target)

    def test_results_are_kept_for_a_day(self):
        number = self.run_sql("SELECT 1")["Id"]
        self.control("POST", "/clock", {"advance": 24 * 3600 + 1})
        self.refused("ResourceNotFoundException", self.api.describe_statement, "does not exist", Id=number)

    def test_C4_aborted_is_said_and_the_rows_are_there(self):
        self.control("PUT", "/faults", [{"do": "say_aborted", "sql": "^COMMIT", "via": "data"}])
        self.assertEqual(self.run_batch(f"INSERT INTO {self.table} VALUES (1, 'x')")["Status"], "ABORTED")
        self.assertEqual(self.one("SELECT COUNT(*) FROM t"), 1)

    def test_C23_a_lost_connection_is_failed_whether_it_was_committed_or_not(self):
        for do, rows in ("cut_before", 0), ("cut_after", 1):
            self.control("PUT", "/faults", [{"do": do, "sql": "^COMMIT", "via": "data"}])
            self.assertEqual(self.run_batch(f"INSERT INTO {self.table} VALUES (1, 'x')")["Status"], "FAILED")
            self.assertEqual(self.one("SELECT COUNT(*) FROM t"), rows)

    def test_copy_says_how_many_rows(self):
        import pyarrow as pa
        text = self.copy_text(self.table, self.put_parquet(pa.table({"a": pa.array([1, 2], pa.int32()), "s": ["x", "y"]})))
        self.assertEqual(self.run_batch(text)["SubStatements"][0]["ResultRows"], 2)

    def test_users_are_named_by_secret_name_or_identity(self):
        target = {"Database": "dev", "Sql": "SELECT current_user", "WaitTimeSeconds": 10}
        secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:redshim-awsuser-AbCdEf"
        for named, user in (({"WorkgroupName": "redshim"}, "sluice_loader"),
                            ({"WorkgroupName": "redshim", "SecretArn": secret}, "awsuser"),
                            ({"ClusterIdentifier": "redshim", "DbUser": "awsuser"}, "awsuser")):
            said = self.api.execute_statement(**target, **named)
            self.assertEqual(self.api.get_statement_result(Id=said["Id"])["Records"], [[{"stringValue": user}]])
        self.refused("ValidationException", self.api.execute_statement, **target, WorkgroupName="redshim", DbUser="awsuser")

    def test_requests_have_to_be_signed(self):
        other = boto3.client("redshift-data", endpoint_url=self.shim.address, region_name="us-east-1", config=Config(
            signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1}))
        self.refused("MissingAuthenticationTokenException", other.list_statements)
        wrong = smoke.client("redshift-data", self.shim.address, secret="wrong")
        self.refused("InvalidSignatureException", wrong.list_statements)
        self.assertIn("Statements", self.api.list_statements())

    def test_temporary_credentials_end(self):
        redshift = smoke.client("redshift", self.shim.address)
        given = redshift.get_cluster_credentials(ClusterIdentifier="redshim", DbUser="sluice_loader", DbName="dev", DurationSeconds=900)
        self.assertEqual(given["DbUser"], "IAM:sluice_loader")
        self.assertGreater(given["Expiration"], datetime.datetime.now(datetime.timezone.utc))
        self.assertEqual(self.one("SELECT current_user", self.connect(given["DbUser"], given["DbPassword"])), "sluice_loader")
        self.control("POST", "/clock", {"advance": 901})
        with self.assertRaisesRegex(psycopg.OperationalError, "password authentication failed"):
            self.connect(given["DbUser"], given["DbPassword"])
        self.refused("ClusterNotFound", redshift.get_cluster_credentials, ClusterIdentifier="other", DbUser="sluice_loader")
        serverless = smoke.client("redshift-serverless", self.shim.address)
        given = serverless.get_credentials(workgroupName="redshim", dbName="dev")
        self.assertEqual(self.one("SELECT current_user", self.connect(given["dbUser"], given["dbPassword"])), "sluice_loader")
        self.refused("ResourceNotFoundException", serverless.get_credentials, workgroupName="other")


if __name__ == "__main__":
    unittest.main()
