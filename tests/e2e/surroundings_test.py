# SPDX-License-Identifier: Apache-2.0
"""Full disks, read-only folders, damaged files (faults L17, C13, O12): a clear error, exit 1, nothing
deleted, and the next run carries on."""

import contextlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import unittest

from pipeline import SMALL_OBJECTS, Pipeline, PipelineTest, wait_until


MORE_THAN_ANY_MESSAGE_IS_DELIVERED = 7  # the dead-letter queue takes it after five


def may_mount():
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/tmp"], capture_output=True).returncode == 0


class Blocked(PipelineTest):
    """A file stands where a folder must be; this stops root too."""

    def setUp(self):
        super().setUp()
        self.truth = self.pipeline.generate(1000)
        self.sent = self.pipeline.send()

    def test_L17_a_data_folder_below_a_file_is_refused_with_its_path(self):
        below = Pipeline(self.pipeline.folder)
        below.data = self.pipeline.folder / "messages.ndjson" / "data"
        self.assert_plain_failure(below.run("run", exit_code=1), str(below.data), "cannot make folder")

    def test_L17_a_store_that_is_a_file_stops_the_run_and_loses_nothing(self):
        for store in ("raw", "parquet", "quarantine"):
            with self.subTest(store=store):
                pipeline = self.another_pipeline()
                truth = pipeline.generate(500)
                sent = pipeline.send()
                path = pipeline.data / store
                if path.exists():
                    path.rmdir() if not any(path.iterdir()) else (path / ".tmp").rmdir() or path.rmdir()
                path.write_text("not a folder")
                self.assert_plain_failure(pipeline.run("run", exit_code=1), str(path))
                self.assertEqual(path.read_text(), "not a folder")
                self.assertEqual(len(pipeline.bodies("source")), sent)
                path.unlink()
                pipeline.run("run")
                self.assert_finished(truth, pipeline)

    def test_L17_a_blocked_hour_folder_stops_the_load_and_keeps_the_notification(self):
        self.pipeline.run("land")
        hour = next((self.pipeline.data / "raw").glob("date=*/*")).relative_to(self.pipeline.data / "raw")
        blocked = self.pipeline.data / "parquet" / hour
        blocked.parent.mkdir(parents=True)
        blocked.write_text("not a folder")
        self.assert_plain_failure(self.pipeline.run("process", exit_code=1), str(hour))
        self.assertEqual(self.pipeline.status()["notifications"]["waiting"], 1)
        self.assertEqual(self.pipeline.status()["objects"], 0)
        blocked.unlink()
        self.pipeline.run("process")
        self.assert_finished(self.truth)


class RawFolder(PipelineTest):
    """The raw store's folder is not where it was, or goes by another name."""

    def setUp(self):
        super().setUp()
        self.truth = self.pipeline.generate(1000)
        self.pipeline.send()
        self.pipeline.run("land")
        self.raw = self.pipeline.data / "raw"

    def test_N6_a_raw_folder_that_is_away_makes_no_object_vanish(self):
        away = self.raw.rename(self.pipeline.folder / "away")
        for command in ("process", "run"):
            self.assert_plain_failure(self.pipeline.run(command, exit_code=1), str(self.raw), "put it back")
            self.assertFalse(self.raw.exists())
        self.assertEqual(len(self.pipeline.bodies("notifications")), 1)
        away.rename(self.raw)
        self.pipeline.run("process")
        self.assert_finished(self.truth)

    def test_a_data_folder_that_was_moved_after_landing_loads(self):
        moved = Pipeline(self.pipeline.folder)
        moved.data = self.pipeline.data.rename(self.pipeline.folder / "moved")
        report = moved.ask("process")["processed"]
        self.assertEqual((report["loaded"], report["foreign"]), (1, 0))
        self.assert_finished(self.truth, moved)

    def test_a_folder_reached_over_a_link_is_the_same_store(self):
        other = Pipeline(self.pipeline.folder)
        other.data = self.pipeline.folder / "link"
        other.data.symlink_to(self.pipeline.data)
        report = other.ask("process")["processed"]
        self.assertEqual((report["loaded"], report["foreign"]), (1, 0))
        self.assert_finished(self.truth)


class Damaged(PipelineTest):
    def setUp(self):
        super().setUp()
        self.truth = self.pipeline.generate(1000)
        self.sent = self.pipeline.send()

    def assert_refused_and_left_alone(self, file, *words, command="run"):
        path = self.pipeline.data / file
        before = path.read_bytes()
        self.assert_plain_failure(self.pipeline.run(command, exit_code=1), str(path), *words)
        self.assertEqual(path.read_bytes(), before)

    def test_a_queue_file_of_garbage_is_refused_and_left_alone(self):
        (self.pipeline.data / "queue.db").write_bytes(os.urandom(20_000))
        for command in ("run", "status", "land", "process"):
            self.assert_refused_and_left_alone("queue.db", "cannot open queue", command=command)

    def test_a_queue_file_with_damaged_pages_is_an_error_and_no_crash(self):
        path = self.pipeline.data / "queue.db"
        content = path.read_bytes()
        for begin in range(4096, min(len(content), 20 * 4096), 4096):
            path.write_bytes(content[:begin] + b"\xa5" * 4096 + content[begin + 4096:])
            done = subprocess.run(self.pipeline.command("run", "--quiet"), capture_output=True, text=True, timeout=300)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            self.assertNotIn("Sanitizer", done.stderr)
            self.assertNotIn("runtime error", done.stderr)

    def test_another_programs_database_is_refused_and_left_alone(self):
        path = self.pipeline.data / "queue.db"
        path.unlink()
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE theirs (x)")
        self.assert_refused_and_left_alone("queue.db", "another program's database")

    def test_C13_a_warehouse_of_garbage_costs_no_notification_a_delivery(self):
        self.pipeline.run("land")
        (self.pipeline.data / "warehouse.duckdb").write_bytes(os.urandom(20_000))
        for _ in range(MORE_THAN_ANY_MESSAGE_IS_DELIVERED):
            self.assert_refused_and_left_alone("warehouse.duckdb", "cannot open the", command="process")
        (self.pipeline.data / "warehouse.duckdb").unlink()
        self.pipeline.run("process")
        self.assert_finished(self.truth)

    def test_C14_a_target_table_of_other_columns_stops_the_load_and_keeps_the_notification(self):
        self.pipeline.run("process")
        self.pipeline.change_warehouse("ALTER TABLE tracking.utm DROP COLUMN device")
        # Mending a table takes a person, and time.
        for _ in range(MORE_THAN_ANY_MESSAGE_IS_DELIVERED):
            self.assert_plain_failure(self.pipeline.run("run", exit_code=1), "utm", "device")
        status = self.pipeline.status()
        self.assertEqual((status["notifications"]["waiting"], status["objects"]), (1, 0))
        self.assertEqual([table["rows"] for table in status["tables"]], [0, 0])
        self.pipeline.change_warehouse("ALTER TABLE tracking.utm ADD COLUMN device VARCHAR")
        self.pipeline.run("run")
        self.assert_finished(self.truth)


@unittest.skipUnless(may_mount(), "NOT TESTED: full disks and read-only folders need root and unshare(1)")
class Mounted(PipelineTest):
    """File systems of its own, in a mount namespace that nobody else sees."""

    def setUp(self):
        super().setUp()
        holder = subprocess.Popen(["unshare", "-m", "sleep", "infinity"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        # unshare has become sleep once its namespace is there.
        wait_until(lambda: pathlib.Path(f"/proc/{holder.pid}/comm").read_text() == "sleep\n", "a mount namespace")
        self.inside = ["nsenter", "-t", str(holder.pid), "-m"]
        self.pipeline.prefix = self.inside
        self.truth = self.pipeline.generate(5000)
        self.sent = self.pipeline.send()

    def do(self, *command):
        return subprocess.run([*self.inside, *map(str, command)], check=True, capture_output=True, text=True).stdout

    def mount_small(self, folder, size):
        """An empty file system of `size` bytes."""
        self.do("mkdir", "-p", folder)
        self.do("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)

    def count(self, queue, *flags):
        status = self.pipeline.ask("status", *flags)
        return status[queue]["waiting"]

    def assert_disk_full_then_carries_on(self, store, size, *flags):
        folder = self.pipeline.data / store
        self.mount_small(folder, size)
        self.assert_plain_failure(self.pipeline.run("run", *flags, exit_code=1), "No space left on device")
        return folder

    def make_room(self, folder, *flags):
        self.do("mount", "-o", "remount,size=200m", folder)
        self.pipeline.run("run", *flags)
        status = self.pipeline.ask("status", *flags)
        self.assertTrue(status["balanced"])
        for table, known in zip(status["tables"], self.truth["tables"], strict=True):
            self.assertEqual(table["rows"], known["loaded"])
        for queue in ("source", "notifications"):
            self.assertEqual(status[queue], {"waiting": 0, "in_flight": 0, "dead": 0})
        return status

    def test_L17_a_full_raw_store_keeps_every_message(self):
        folder = self.assert_disk_full_then_carries_on("raw", "100k")
        self.assertEqual(self.count("source"), self.sent)
        self.assertEqual(self.do("find", folder, "-name", "*.ndjson*"), "", "half an object is visible")
        self.assertEqual(self.make_room(folder)["events"], self.truth["events"])

    def test_L17_a_full_parquet_store_keeps_every_notification(self):
        folder = self.assert_disk_full_then_carries_on("parquet", "100k")
        self.assertEqual((self.count("source"), self.count("notifications")), (0, 1))
        self.assertEqual(self.do("find", folder, "-name", "*.parquet"), "", "half an object is visible")
        self.assertEqual(self.make_room(folder)["events"], self.truth["events"])

    def test_L17_a_full_quarantine_store_keeps_every_notification(self):
        folder = self.assert_disk_full_then_carries_on("quarantine", "4k")
        self.assertEqual((self.count("source"), self.count("notifications")), (0, 1))
        self.assertEqual(self.make_room(folder)["events"], self.truth["events"])

    def assert_outage_costs_nothing(self, store, size, *flags):
        """A job every five minutes meets a full disk for half an hour; then somebody makes room."""
        folder = self.pipeline.data / store
        self.mount_small(folder, size)
        for _ in range(MORE_THAN_ANY_MESSAGE_IS_DELIVERED):
            self.pipeline.run("run", *flags, exit_code=1)
        for queue in ("source", "notifications"):
            self.assertEqual(len(self.pipeline.bodies(f"{queue}-dead")), 0, f"{queue}: given up because of a full disk")
        self.assertEqual(self.make_room(folder, *flags)["events"], self.truth["events"])

    def test_L17_a_raw_store_that_stays_full_costs_no_message(self):
        # Few messages, so that each run meets each of them.
        shutil.rmtree(self.pipeline.data)
        self.truth = self.pipeline.generate(5000, records=500)
        self.pipeline.send()
        self.assert_outage_costs_nothing("raw", "100k")

    def test_L17_a_parquet_store_that_stays_full_costs_no_notification(self):
        self.assert_outage_costs_nothing("parquet", "100k")

    def test_C13_a_warehouse_that_stays_full_costs_no_notification(self):
        folder = self.pipeline.data / "warehouse"
        self.assert_outage_costs_nothing("warehouse", "1m", "--set", f"warehouse.duckdb={folder}/wh.duckdb")

    def test_L17_a_full_disk_fails_one_object_and_loads_the_others(self):
        folder = self.pipeline.data / "parquet"
        self.mount_small(folder, "400k")
        self.pipeline.run("run", *SMALL_OBJECTS, exit_code=1)
        self.assertGreater(self.count("notifications"), 0)
        self.assertTrue(self.pipeline.status()["balanced"])
        self.assertEqual(self.make_room(folder)["events"], self.truth["events"])

    def test_C13_a_full_warehouse_keeps_every_notification(self):
        folder = self.pipeline.data / "warehouse"
        flags = ("--set", f"warehouse.duckdb={folder}/wh.duckdb")
        self.mount_small(folder, "1m")
        done = self.pipeline.run("run", *flags, exit_code=1)
        self.assert_plain_failure(done, "No space left on device")
        self.assertEqual(self.count("notifications", *flags), 1)
        self.assertEqual(self.make_room(folder, *flags)["events"], self.truth["events"])

    def test_L17_a_full_queue_disk_fails_send_and_leaves_a_queue_that_works(self):
        pipeline = self.another_pipeline()
        pipeline.prefix = self.inside
        truth = pipeline.generate(5000)
        self.mount_small(pipeline.data, "1m")
        done = pipeline.run("send", pipeline.folder / "messages.ndjson", exit_code=1)
        self.assert_plain_failure(done, "full")
        self.do("mount", "-o", "remount,size=200m", pipeline.data)
        # What was sent before is there; sent once more, its events are duplicates.
        pipeline.run("send", pipeline.folder / "messages.ndjson")
        pipeline.run("run")
        status = pipeline.status()
        self.assertTrue(status["balanced"])
        self.assertEqual([table["rows"] for table in status["tables"]],
                         [table["loaded"] for table in truth["tables"]])

    def test_L17_a_read_only_folder_is_a_clear_error_and_nothing_is_lost(self):
        self.pipeline.run("land")
        before = self.do("sha256sum", self.pipeline.data / "queue.db")
        self.do("mount", "--bind", self.pipeline.data, self.pipeline.data)
        self.do("mount", "-o", "remount,bind,ro", self.pipeline.data)
        for command in (["run"], ["land"], ["process"], ["send", self.pipeline.folder / "messages.ndjson"]):
            done = self.pipeline.run(*command, exit_code=1)
            self.assert_plain_failure(done, str(self.pipeline.data))
            self.assertIn("write", done.stderr)
        self.assertEqual(self.do("sha256sum", self.pipeline.data / "queue.db"), before)
        self.do("mount", "-o", "remount,bind,rw", self.pipeline.data)
        self.assert_carries_on()

    def assert_carries_on(self):
        self.pipeline.run("run")
        status = self.pipeline.status()
        self.assertEqual([table["rows"] for table in status["tables"]],
                         [table["loaded"] for table in self.truth["tables"]])

    def test_L17_a_read_only_store_is_a_clear_error_and_nothing_is_lost(self):
        for store in ("parquet", "quarantine"):
            with self.subTest(store=store):
                folder = self.pipeline.data / store
                self.do("mkdir", "-p", folder)
                self.do("mount", "--bind", folder, folder)
                self.do("mount", "-o", "remount,bind,ro", folder)
                self.assert_plain_failure(self.pipeline.run("run", exit_code=1), "Read-only file system")
                self.assertEqual(self.count("source") or self.count("notifications") * self.sent, self.sent)
                self.do("umount", folder)
        self.assert_carries_on()


if __name__ == "__main__":
    unittest.main()
