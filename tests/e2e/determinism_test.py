# SPDX-License-Identifier: Apache-2.0
"""Derived objects are functions of raw object, table and revision (invariant 2, fault T20), and a
repeat of what is finished changes nothing (faults N2, C19)."""

import shutil
import unittest

from pipeline import SMALL_OBJECTS, PipelineTest, environment

EVENTS = 10_000


class Determinism(PipelineTest):
    def land(self):
        """The identity of a raw object holds its store's path: all runs use the same one."""
        self.truth = self.pipeline.generate(EVENTS)
        self.pipeline.send()
        self.landed = self.pipeline.ask("land", *SMALL_OBJECTS)["landed"]["objects"]
        self.assertGreaterEqual(self.landed, 20)
        shutil.copytree(self.pipeline.data, self.pipeline.folder / "landed")

    def process_anew(self, *flags, env=None):
        shutil.rmtree(self.pipeline.data)
        shutil.copytree(self.pipeline.folder / "landed", self.pipeline.data)
        self.pipeline.run("process", *flags, env=env)
        self.assert_finished(self.truth)
        files = self.pipeline.files("parquet", "quarantine")
        # Most objects have rows of both tables, and some have quarantined events.
        self.assertGreater(len(files), self.landed)
        return files

    def assert_same_files(self, found, wanted):
        self.assertEqual(list(found), list(wanted))
        for key, content in wanted.items():
            self.assertTrue(found[key] == content, f"{key}: other bytes")

    def test_T20_one_thread_and_four_give_the_same_keys_and_bytes(self):
        self.land()
        wanted = self.process_anew("--set", "load.threads=1")
        self.assert_same_files(self.process_anew("--set", "load.threads=4"), wanted)

    def test_T20_batches_and_time_zone_change_no_byte(self):
        self.land()
        wanted = self.process_anew(env=environment(TZ="America/St_Johns"))
        found = self.process_anew("--set", "load.max_size=1B", "--set", "load.threads=2", env=environment(TZ="UTC"))
        self.assert_same_files(found, wanted)

    def test_another_codec_gets_other_keys(self):
        self.land()
        snappy = self.process_anew("--set", "parquet.compression=snappy")
        zstd = self.process_anew("--set", "parquet.compression=zstd")
        self.assertEqual(len(snappy), len(zstd))
        self.assertEqual(set(snappy) & set(zstd), set())

    def test_convert_gives_the_same_bytes_each_time(self):
        pipeline = self.pipeline
        pipeline.run("generate", "--events", EVENTS, "--out", pipeline.folder / "events.ndjson")
        results = []
        for name, flags in (("a", ["--set", "load.threads=1"]), ("b", ["--set", "load.threads=4"])):
            pipeline.run("convert", *flags, "--out", pipeline.data / name, pipeline.folder / "events.ndjson")
            results.append({key.removeprefix(name): content for key, content in pipeline.files(name).items()})
        self.assertEqual(sorted(results[0]), [
            "/events/events.parquet", "/quarantine/events.parquet", "/utm/events.parquet"])
        self.assert_same_files(results[1], results[0])


class Repeat(PipelineTest):
    def everything(self):
        """Of a finished pipeline, to the byte and the modification time."""
        tables = {table: self.pipeline.query(f"SELECT * FROM {table} ORDER BY ALL") for table in (
            "tracking.events", "tracking.utm", "sluice.ledger", "sluice.quarantine", "sluice.duplicates")}
        files = self.pipeline.digests("raw", "parquet", "quarantine")
        times = {path: (self.pipeline.data / path).stat().st_mtime_ns for path in files}
        return tables, files, times

    def test_N2_a_notification_sent_again_changes_nothing(self):
        truth = self.pipeline.generate(EVENTS)
        self.pipeline.send()
        landed = self.pipeline.ask("land", *SMALL_OBJECTS)["landed"]["objects"]
        notifications = self.pipeline.bodies("notifications")
        self.assertEqual(len(notifications), landed)
        self.pipeline.run("process")
        self.assert_finished(truth)
        before = self.everything()
        for body in notifications * 2:
            self.pipeline.notify(body)
        processed = self.pipeline.ask("process")["processed"]
        self.assertEqual(processed["messages"], 2 * landed)
        self.assertEqual(processed["loaded_before"], landed)
        self.assertEqual(processed["loaded"], 0)
        self.assert_finished(truth)
        self.assertEqual(self.everything(), before)

    def test_N2_notifications_out_of_order_end_in_the_same_state(self):
        truth = self.pipeline.generate(EVENTS)
        self.pipeline.send()
        self.pipeline.run("land", *SMALL_OBJECTS)
        shutil.copytree(self.pipeline.data, self.pipeline.folder / "landed")
        self.pipeline.run("process")
        wanted = self.pipeline.end_state()
        shutil.rmtree(self.pipeline.data)
        shutil.copytree(self.pipeline.folder / "landed", self.pipeline.data)
        # Kept, so delivered again; and every notification once more, the last first.
        for body in reversed(self.pipeline.bodies("notifications")):
            self.pipeline.notify(body)
        self.pipeline.run("process", "--set", "load.max_size=1B")
        self.assert_finished(truth)
        self.assert_same_state(self.pipeline.end_state(), wanted)

    def test_L9_messages_that_were_kept_land_again_and_load_once(self):
        truth = self.pipeline.generate(2000)
        sent = self.pipeline.send()
        kept = self.pipeline.ask("run", "--keep")
        self.assertEqual(kept["landed"]["deleted"], 0)
        self.assertEqual(self.pipeline.status()["source"]["waiting"], sent)
        wanted = self.pipeline.end_state()
        # The notification was kept too.
        again = self.pipeline.ask("run")
        self.assertEqual(again["landed"]["messages"], sent)
        self.assertEqual(again["processed"]["loaded_before"], 1)
        status = self.assert_finished(truth)
        self.assert_same_state(self.pipeline.end_state(), wanted)
        self.assertEqual(status["objects"], 2)
        self.assertEqual(status["events"], 2 * truth["events"])

    def test_running_with_nothing_to_do_writes_nothing(self):
        truth = self.pipeline.generate(500)
        self.pipeline.send()
        self.pipeline.run("run")
        before = self.everything()
        self.assertIn("nothing to do", self.pipeline.run("run").stdout)
        self.assertEqual(self.everything(), before)
        self.assert_finished(truth)


if __name__ == "__main__":
    unittest.main()
