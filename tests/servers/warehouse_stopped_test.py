# SPDX-License-Identifier: Apache-2.0
"""Loaders that load the same objects at the same time into redshim, under both isolation levels (faults C1, C5): one of two is stopped by SIGSTOP in every
state while the other runs; and 2 and 8 go at once. They end where one does.

    warehouse_stopped_test.py [WireTest|DataApiTest]

One state of each kind is tried in one way (by the Data API one of four); with SLUICE_CRASH_POINTS=all every state in every way and under both levels."""
import itertools
import os
import re
import signal
import threading

import psycopg

from crash_scenario import CrashCase, kind_of, pipeline, stop

EVERYWHERE = os.environ.get("SLUICE_CRASH_POINTS") == "all"
LEVELS = ("SNAPSHOT", "SERIALIZABLE")
IS_LOCK = r'^LOCK "sluice"."lock"$'


def chosen(operations, ways, step):
    """(number of an operation, its way, its level of isolation)."""
    everything = list(itertools.product(ways, LEVELS))
    if EVERYWHERE:
        return [(number, *how) for number in range(1, len(operations) + 1) for how in everything]
    firsts = [number for number, kind in enumerate(operations, 1) if operations.index(kind) == number - 1]
    return [(number, *everything[i % len(everything)]) for i, number in enumerate(firsts[::step])]


class StoppedTest(CrashCase):
    step = 1  # each so many-th kind of statement is tried

    def setUp(self):
        super().setUp()
        self.addCleanup(self.isolate, LEVELS[0])

    def isolate(self, level):
        self.scenario.control("PUT", "/isolation", {"level": level})

    def undisturbed(self):
        with self.scenario.begun() as (attempt,):
            self.scenario.gate.arm(0, None)
            attempt.finish()
            return self.scenario.gate.seen(), [kind_of(one["sql"]) for one in self.statements()]

    def go_on(self, process, codes=(0,)):
        process.send_signal(signal.SIGCONT)
        return self.end(process, codes)

    # What happens while one is stopped, and the warehouse has one of its statements

    def server_goes_on(self, stopped, first, second):
        """It does what it was told, to the end of the message or batch: the second finds it done, or does it."""
        self.release()
        self.end(second.start())
        self.go_on(stopped)

    def lock_is_held(self, stopped, first, second):
        """It hangs with what it holds: the second waits if that is the lock, and does everything if not."""
        other = self.start_beside(second)
        self.release()
        self.end(other)
        self.go_on(stopped)

    def server_ends_its_sessions(self, stopped, first, second):
        """As for a session that is idle in a transaction, or by an operator: the second need not wait longer."""
        with psycopg.connect(**first.target.connect, autocommit=True) as db:
            begun = db.execute("SELECT now()").fetchone()[0]
            other = self.start_beside(second)
            db.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND backend_start < '{begun}'"
                       " AND pid <> pg_backend_pid()")
        self.end(other)
        self.release()
        # It may have been told that its session is over, and say so.
        self.go_on(stopped, (0, 1))
        first.show_again()
        first.finish()

    def start_beside(self, second):
        """The second, once it has ended, or waits for the lock that the first holds."""
        begun = self.statements()
        hung = next(one["session"] for one in begun if one["outcome"] is None)
        said = [one["sql"] for one in begun if one["session"] == hung and one["outcome"] is not None]
        taken = [i for i, sql in enumerate(said) if re.match(IS_LOCK, sql)]
        holds = bool(taken) and "COMMIT" not in said[taken[-1]:]
        other = second.start()
        # Readers of its table wait too.
        waits = lambda: any('"sluice"."lock"' in one["sql"] and one["outcome"] is None for one in self.statements()[len(begun):])  # noqa: E731
        pipeline.wait_until(lambda: other.poll() is not None or holds and waits(), "the second has ended or waits")
        self.assertEqual(other.poll() is None, holds, "a loader waits if and only if another holds the lock")
        return other

    def test_C1_C5_one_is_stopped_at_a_statement(self):
        _, statements = self.undisturbed()
        tried = chosen(statements, (self.server_goes_on, self.lock_is_held, self.server_ends_its_sessions), self.step)
        for number, way, level in tried:
            with self.point(number=number, statement=statements[number - 1], way=way.__name__, level=level):
                self.isolate(level)
                with self.scenario.begun(loaders=2) as (first, second):
                    stopped = self.hang(first, number)
                    self.assertIsNotNone(stopped)
                    stop(stopped)
                    way(stopped, first, second)
                    self.assert_end(first, second)
        print(f"\n{self.kind}: stopped at {len(tried)} statements, of {len(set(statements))} kinds", flush=True)

    # Who cannot have the lock

    INSERT = '^INSERT INTO "tracking"."events"'
    # By wire the lock has a time of its own; by the Data API the batch has both.
    IMPATIENT = ("--set", "warehouse.timeouts.lock=1s", "--set", "warehouse.timeouts.commit=1s")

    def test_who_comes_while_the_lock_is_held_gives_up_and_says_so(self):
        """What it does before it wants to commit waits for nobody; then it waits as long as a commit may."""
        with self.scenario.begun(loaders=2) as (holder, other):
            holder.make_tables()
            self.strike(1, do="hang_before", sql=self.INSERT)
            holding = holder.start()
            self.wait_for_the_holder()
            self.gives_up(other.start(*self.IMPATIENT), "lock|commit|load|settle")
            self.all_is_right_then(holding, other, holder)

    def test_who_wants_to_commit_while_the_lock_is_held_gives_up_and_says_so(self):
        arrived, released = threading.Event(), threading.Event()

        def hold(request, forward):
            arrived.set()
            released.wait(pipeline.PATIENCE)
            return forward()

        with self.scenario.begun(loaders=2) as (other, holder):
            holder.make_tables()
            self.scenario.gate.arm_first("s3 PUT parquet", hold)
            waiting = other.start(*self.IMPATIENT)
            self.assertTrue(arrived.wait(pipeline.PATIENCE))
            self.strike(1, do="hang_before", sql=self.INSERT)
            holding = holder.start()
            self.wait_for_the_holder()
            released.set()
            self.gives_up(waiting, "lock|commit|load|settle")
            self.all_is_right_then(holding, other, holder)

    def wait_for_the_holder(self):
        pipeline.wait_until(lambda: self.scenario.control("GET", "/faults")[0]["struck"], "it holds the lock")

    def gives_up(self, process, attempted):
        printed = self.end(process, (1,))[1]
        last = printed.splitlines()[-1]
        self.assertRegex(last, attempted)
        self.assertRegex(last, "no answer in time|timeout")

    def all_is_right_then(self, holding, other, holder):
        self.release()
        self.end(holding)
        other.show_again()
        other.finish()
        self.assert_end(other, holder)

    # Stopped at a request

    def one_for_each(self, first):
        """Both have been told of all objects."""

    def shown_again(self, first):
        """Its messages' time has passed, and the second gets them: what the first deletes is not its own any more (fault L8)."""
        first.show_again()

    def test_C1_C5_L8_one_is_stopped_at_a_request(self):
        requests, _ = self.undisturbed()
        tried = chosen(requests, (self.one_for_each, self.shown_again), 1)
        for i, (number, way, level) in enumerate(tried):
            with self.point(number=number, request=requests[number - 1], way=way.__name__, level=level):
                self.isolate(level)
                with self.scenario.begun(loaders=2, queues=1 if way == self.shown_again else 2) as (first, second):
                    self.stop_at_request(first, second, number, way, is_sent=i % 2 == 0)
                    self.assert_end(first, second)
        print(f"\n{self.kind}: stopped at {len(tried)} requests, of {len(set(requests))} kinds", flush=True)

    def stop_at_request(self, first, second, number, way, is_sent):
        arrived, released = threading.Event(), threading.Event()

        def hold(request, forward):
            reply = forward() if is_sent else None
            arrived.set()
            released.wait(pipeline.PATIENCE)
            return reply or forward()

        self.scenario.gate.arm(number, hold)
        stopped = first.start()
        self.assertTrue(arrived.wait(pipeline.PATIENCE))
        stop(stopped)
        way(first)
        self.end(second.start())
        released.set()
        self.go_on(stopped, (0,))

    # All at once

    def all_at_once(self, loaders, level, meet_at, make_tables, codes=(0,)):
        self.isolate(level)
        with self.scenario.begun(loaders=loaders) as attempts:
            if make_tables:
                attempts[0].make_tables()
            self.scenario.control("PUT", "/faults", [{"do": "hang_before", "sql": meet_at, "times": None, "via": self.via}])
            processes = [attempt.start() for attempt in attempts]
            hanging = lambda: sum(bool(re.match(meet_at, one["sql"])) and one["outcome"] is None for one in self.statements())  # noqa: E731
            pipeline.wait_until(lambda: hanging() == loaders or any(process.poll() is not None for process in processes), "all have come there")
            self.assertEqual(hanging(), loaders)
            self.release()
            for process in processes:
                self.end(process, codes)
            for attempt in attempts:
                attempt.finish()
            self.assert_end(*attempts)

    def test_C1_all_load_the_same_at_once(self):
        for loaders, level in itertools.product((2, 8), LEVELS):
            with self.point(loaders=loaders, level=level):
                self.all_at_once(loaders, level, IS_LOCK, make_tables=True)

    def test_C1_all_make_the_tables_and_load_the_same_at_once(self):
        for loaders, level in itertools.product((2, 8), LEVELS):
            with self.point(loaders=loaders, level=level):
                self.all_at_once(loaders, level, "^CREATE SCHEMA", make_tables=False)


class WireTest(StoppedTest):
    kind, via = "wire", "wire"


class DataApiTest(StoppedTest):
    kind, via, step = "data_api", "data", 4  # the statements are those of the other


del StoppedTest

if __name__ == "__main__":
    pipeline.unittest.main()
