# SPDX-License-Identifier: Apache-2.0
"""What `sluice ddl` prints is what a server's warehouse needs: a user with least rights loads, and tables that drifted are mended."""
from warehouse_case import WarehouseTest, pipeline


class RightsTest(WarehouseTest):
    def mended_tables(self):
        """Of tables that are not as their DDL says nothing is loaded, and what is said is what mends them (fault C14)."""
        self.assertEqual(self.pipeline.run("ddl", "--diff").stdout.count("is not there yet"), 2)
        self.pipeline.run("ddl", "--apply")
        self.assertIn("nothing differs", self.pipeline.run("ddl", "--diff").stdout)
        self.pipeline.by_owner("ALTER TABLE tracking.utm DROP COLUMN device", "ALTER TABLE tracking.events ALTER COLUMN user_agent TYPE VARCHAR(10)")
        self.pipeline.send()
        told = self.pipeline.run("run", "--once", exit_code=1).stderr
        self.assertIn('ALTER TABLE "tracking"."events" ALTER COLUMN "user_agent" TYPE VARCHAR(', told)
        looked = self.pipeline.run("check", "--connect", exit_code=3).stdout
        self.assertIn('ALTER TABLE "tracking"."utm" ADD COLUMN "device" ', looked)
        self.pipeline.run("ddl", "--apply")
        self.pipeline.drain()
        self.assert_end()
        self.assertIn("nothing differs", self.pipeline.run("ddl", "--diff").stdout)

    def least_rights(self):
        """Who may only load, loads (docs/operations.md), and may not take anything away."""
        self.pipeline.prepare_for_loader()
        self.whole_pipeline()
        # What a person on call does about quarantine takes no more; what --replace takes is printed apart.
        given_up = self.pipeline.ask("quarantine", "accept", "a test", "--since", "1d")["accepted"]
        self.assertGreater(given_up, 0)
        self.assertEqual(self.pipeline.ask("quarantine", "replay")["events"], 0)
        self.assertIn("\n--   GRANT DELETE ON ", self.pipeline.run("ddl", "--user", self.target.loader).stdout)
        rows = self.pipeline.query("SELECT grantee, table_schema, table_name, privilege_type FROM information_schema.role_table_grants"
                                   f" WHERE grantee = '{self.target.loader}' AND table_schema = 'tracking'")
        self.assertEqual({row[3] for row in rows}, {"SELECT", "INSERT"}, rows)


class PostgresLoaderTest(RightsTest):
    kind = "postgres as loader"

    def test_least_rights(self):
        self.least_rights()


class WireLoaderTest(RightsTest):
    kind = "wire as loader"

    def test_least_rights(self):
        self.least_rights()


class DataApiLoaderTest(RightsTest):
    kind = "data_api as loader"

    def test_least_rights(self):
        self.least_rights()


class PostgresTest(RightsTest):
    kind = "postgres"

    def test_tables_that_are_not_as_their_ddl_says(self):
        self.mended_tables()


class WireTest(RightsTest):
    kind = "wire"

    def test_tables_that_are_not_as_their_ddl_says(self):
        self.mended_tables()


class DataApiTest(RightsTest):
    kind = "data_api"

    def test_tables_that_are_not_as_their_ddl_says(self):
        self.mended_tables()


if __name__ == "__main__":
    pipeline.unittest.main()
