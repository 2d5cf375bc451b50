# SPDX-License-Identifier: Apache-2.0
"""What AWS Lambda delivers again lands again, and is in its table once."""
import os
import pathlib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import events
import pipeline
import standin
from lambda_test import PROGRAM

EVENTS = 200


class LoadedOnceTest(pipeline.PipelineTest):
    def test_o1_o2_batches_that_came_again_are_loaded_once(self):
        config = self.pipeline.folder / "sluice.yaml"
        config.write_text(f"name: tracking\nraw: {{url: 'dir:{self.pipeline.data}/raw', close_at: {{size: 8KiB}}}}\n")
        bodies = pipeline.events(EVENTS).decode().splitlines()
        batch, landed = events.sqs(*bodies), []
        # The process dies with the first object stored and nothing answered; then the second object fails; then all is well, twice.
        for fault, kind in ("kill-after:2", "crash"), ("fail-after:4", "response"), ("count", "response"), ("count", "response"):
            with standin.Function(PROGRAM, pipeline.environment(SLUICE_CONFIG=config, SLUICE_FAULT=fault), self.pipeline.folder) as function:
                outcome = function.invoke(batch)
                self.assertEqual(outcome.kind, kind, function.log())
            landed.append(len(self.raw_keys()))
        self.assertEqual(outcome.body, events.failures())
        self.assertEqual(landed, sorted(set(landed)))  # each time there was more
        self.pipeline.announce(*self.raw_keys())
        self.pipeline.run("process")
        status = self.pipeline.status()
        self.assertTrue(status["balanced"])
        self.assertEqual(self.pipeline.query("SELECT count(*), count(DISTINCT request_id) FROM tracking.events"), [(EVENTS, EVENTS)])
        self.assertGreater(status["events"], 2 * EVENTS)

    def raw_keys(self):
        raw = self.pipeline.data / "raw"
        keys = sorted(str(path.relative_to(raw)) for path in raw.rglob("*.ndjson*") if path.is_file())
        for key in keys:
            self.assertRegex(key, r"^date=\d{4}-\d\d-\d\d/\d\d/[^/]+$")
        return keys


if __name__ == "__main__":
    unittest.main()
