# SPDX-License-Identifier: Apache-2.0
"""The whole pipeline into Redshift's stand-in, by wire and by the Data API, and into PostgreSQL: whatever goes wrong, the end state is the
embedded run's."""
from warehouse_case import WarehouseTest, pipeline


class PostgresTest(WarehouseTest):
    kind = "postgres"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()


class IamTest(WarehouseTest):
    """With a password of a quarter of an hour, asked of the cluster's service."""
    kind = "iam"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()


class WireTest(WarehouseTest):
    kind, via = "wire", "wire"

    def test_the_whole_pipeline(self):
        self.whole_pipeline()

    def test_the_lock_and_the_update_are_the_first_words_of_every_transaction(self):
        """Either of them alone survives every test of outcomes (fault C1)."""
        self.pipeline.send()
        self.pipeline.drain()
        statements = [one["sql"] for one in self.control("GET", "/statements")]
        begins = [i for i, sql in enumerate(statements) if sql.strip().upper().startswith("BEGIN")]
        loads = [i for i in begins if any("sluice_fresh" in sql for sql in statements[i:i + 15])]
        self.assertTrue(loads)
        for i in loads:
            self.assertRegex(statements[i + 1].strip(), r'^LOCK "sluice"."lock"$')
            self.assertRegex(statements[i + 2].strip(), r'^UPDATE "sluice"."lock" SET n = n \+ 1 WHERE name = ')

    def test_connections_that_break_anywhere(self):
        """Before and after each kind of statement, and after a COMMIT whose answer is lost (faults C2, C3, C4); and a COPY is refused once."""
        rules = [{"do": "error", "sql": '^COPY "sluice_stage_', "nth": 1, "via": self.via, "message": "Access Denied, told by a test"}]
        rules += [{"do": do, "sql": sql, "nth": 1, "times": 1, "via": self.via} for do in ("cut_before", "cut_after")
                 for sql in ("COPY", "^LOCK", "^UPDATE", "sluice_fresh", "ledger", "sluice_losers", "COMMIT")]
        self.control("PUT", "/faults", rules)
        self.pipeline.send()
        self.pipeline.drain("--set", "load.max_size=1B", exit_codes=(0, 1))
        for rule in self.control("GET", "/faults"):
            self.assertEqual(rule["struck"], 1, rule)
        self.control("PUT", "/faults", [])
        self.pipeline.drain()
        self.assert_end()


class DataApiTest(WireTest):
    kind, via = "data_api", "data"

    def test_C4_a_batch_that_is_called_aborted_but_was_done_is_no_failure(self):
        """The ledger is asked, and says that all is loaded: the run ends well."""
        self.pipeline.send()
        self.pipeline.drain()
        self.control("PUT", "/faults", [{"do": "say_aborted", "sql": "^COMMIT", "nth": 1, "times": 1, "via": self.via}])
        self.pipeline.send()
        self.pipeline.drain()
        self.assertEqual(self.control("GET", "/faults")[0]["struck"], 1)
        self.assert_end()


if __name__ == "__main__":
    pipeline.unittest.main()
