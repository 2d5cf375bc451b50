# SPDX-License-Identifier: Apache-2.0
"""`process` on an S3 server, ElasticMQ and redshim fails, or is killed, at its outside operations in turn, runs again, and ends where the embedded
run ends, key for key. Operations are the requests of HTTP and the statements that the warehouse gets.

    warehouse_crash_test.py [WireTest|DataApiTest]

One operation of each kind is struck in one way; with SLUICE_CRASH_POINTS=all every operation fails once and meets every death, which takes the better
part of an hour."""
import collections
import concurrent.futures
import itertools
import os
import signal

import fault_rules
from crash_scenario import CrashCase, kill, kind_of, pipeline, stop
from operation_gate import FAILURES

EVERYWHERE = os.environ.get("SLUICE_CRASH_POINTS") == "all"
ENDINGS = (0, 1)  # of a run that something failed in

# How a statement fails, in turn: redshim's rules.
FAULTS = ({"do": "error"}, {"do": "cut_before"}, {"do": "cut_after"}, {"do": "detach", "seconds": 0.05}, {"do": "say_aborted"})


class CrashTest(CrashCase):
    # Ways to strike a request

    def request_fails(self, name):
        def run(attempt, number):
            self.scenario.gate.arm(number, FAILURES[name])
            self.end(attempt.start(), ENDINGS)
            return self.scenario.gate.struck
        return run

    def request_kills(self, strike):
        """`strike` is what becomes of the request of the dead."""
        def run(attempt, number):
            victim = concurrent.futures.Future()

            def strike_dead(request, forward):
                if strike is fault_rules.lose_reply:
                    forward()
                kill(victim.result())

            self.scenario.gate.arm(number, strike_dead)
            victim.set_result(process := attempt.start())
            struck = self.end(process, (0, -signal.SIGKILL))[0] != 0
            return self.scenario.gate.struck if struck else None
        return run

    # Ways to strike a statement

    def statement_fails(self, fault):
        def run(attempt, number):
            self.strike(number, **fault)
            self.end(attempt.start(), ENDINGS)
            return self.struck(number)
        return run

    def statement_kills(self, do):
        """Before or after it is run; the server sees that its client is gone (by wire), and does nothing more."""
        def run(attempt, number):
            process = self.hang(attempt, number, do)
            if process is None:
                return None
            struck = self.struck(number)
            kill(process)
            self.end(process, (-signal.SIGKILL,))
            if self.via == "wire":
                pipeline.wait_until(lambda: self.statements()[number - 1]["outcome"] == "cut", "the server has seen that its client is gone")
            return struck
        return run

    def statement_kills_and_goes_on(self, attempt, number):
        """The server has not seen it, and does what it was told."""
        process = self.hang(attempt, number, "hang_before")
        if process is None:
            return None
        struck = self.struck(number)
        stop(process)
        self.release()
        pipeline.wait_until(lambda: self.statements()[number - 1]["outcome"] is not None, "the server goes on")
        kill(process)
        self.end(process, (-signal.SIGKILL,))
        return struck

    # The sweep

    def try_at(self, number, name, run):
        """Whether something was struck."""
        struck = "what failed"
        with self.point(way=name, number=number), self.scenario.begun() as (attempt,):
            struck = run(attempt, number)
            self.scenario.gate.arm(0, None)
            self.release()
            attempt.show_again()
            with self.point(struck=struck):
                attempt.finish()
                self.assert_end(attempt)
        if struck:
            self.points[name] += 1
            self.kinds.add(struck)
        return struck is not None

    def sweep(self, operations, failures, kills):
        """`operations` are the kinds of operation that an undisturbed run makes, in order."""
        self.points, self.kinds = collections.Counter(), set()
        if EVERYWHERE:
            self.try_all(list(failures.items()), kills)
        else:
            # The first of each kind; ways go round.
            ways = list((failures | kills).items())
            firsts = [number for number, kind in enumerate(operations, 1) if operations.index(kind) == number - 1]
            for i, number in enumerate(firsts):
                self.assertTrue(self.try_at(number, *ways[i % len(ways)]), f"no operation {number} was struck")
        self.assertEqual(set(operations) - self.kinds, set(), "kinds that were not struck")
        print(f"\n{self.kind}: {sum(self.points.values())} points, {len(self.kinds)} kinds, of {len(operations)} operations: {dict(self.points)}", flush=True)

    def try_all(self, failures, kills):
        """Each fails in one of the ways, and meets each of the deaths."""
        for number in itertools.count(1):
            ways = [failures[number % len(failures)], *kills.items()]
            if not all([self.try_at(number, *way) for way in ways]):
                return

    def undisturbed(self):
        """Kinds of the requests and statements of a run that nothing happens to."""
        with self.scenario.begun() as (attempt,):
            self.scenario.gate.arm(0, None)
            attempt.finish()
            requests, statements = self.scenario.gate.seen(), self.statements()
            attempt.show_again()
            self.assert_end(attempt)
        return requests, [kind_of(one["sql"]) for one in statements]

    def test_C2_C3_requests_fail_and_processes_die_at_them(self):
        requests, _ = self.undisturbed()
        self.sweep(requests, {f"request: {name}": self.request_fails(name) for name in FAILURES}, {
            "killed before a request": self.request_kills(fault_rules.lose_request),
            "killed after a request": self.request_kills(fault_rules.lose_reply)})

    def test_C2_C3_C4_statements_fail_and_processes_die_at_them(self):
        _, statements = self.undisturbed()
        self.sweep(statements, {f"statement: {fault['do']}": self.statement_fails(fault) for fault in FAULTS}, {
            "killed before a statement": self.statement_kills("hang_before"),
            "killed after a statement": self.statement_kills("hang_after"),
            "killed, and the server goes on": self.statement_kills_and_goes_on})


class WireTest(CrashTest):
    kind, via = "wire", "wire"


class DataApiTest(CrashTest):
    kind, via = "data_api", "data"


del CrashTest

if __name__ == "__main__":
    pipeline.unittest.main()
