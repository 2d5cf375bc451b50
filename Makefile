# make demo | test | test-tsan | test-neon | test-all | fuzz | release | bench | bench-docs | format | clean. The rest is in CMakePresets.json.
EVENTS ?= 100000
JOBS ?= $(shell nproc)
SECONDS ?= 60

.PHONY: help demo test test-tsan test-neon test-all fuzz release bench bench-docs check-style format clean
help:
	@sed -n '1s/^# //p' Makefile

build/%/build.ninja: CMakeLists.txt CMakePresets.json
	@cmake --preset $* >build/$*.log 2>&1 || { cat build/$*.log; exit 1; }

release: deps build/release/build.ninja
	@cmake --build build/release -j $(JOBS) --target sluice

demo: release
	@scripts/demo build/release/bin/sluice $(EVENTS)

# The crash tests strike every operation in turn: DuckDB under a sanitizer would make hours of them.
test: deps-test build/dev/build.ninja build/plain/build.ninja
	@cmake --build build/dev -j $(JOBS)
	@scripts/check-layers
	@ctest --test-dir build/dev --output-on-failure -j $(JOBS)
	@cmake --build build/plain -j $(JOBS) --target crash_test warehouse_test sluice
	@ctest --test-dir build/plain --output-on-failure -j $(JOBS) -R '^(crash_|warehouse_test)'
	@grep -h 'crash points:' build/plain/Testing/Temporary/LastTest.log

test-tsan: deps-test build/tsan/build.ninja
	@cmake --build build/tsan -j $(JOBS)
	@ctest --test-dir build/tsan --output-on-failure -j $(JOBS)

# The conversion for 64-bit ARM, under qemu: what the fast path has of its own there.
test-neon: deps-neon
	@scripts/test-neon $(JOBS)

test-all: test test-tsan test-neon

# Each fuzz target of tests/fuzz/, or TARGET, for SECONDS. `make test` runs them too, without libFuzzer and briefly.
fuzz: deps-fuzz build/fuzz/build.ninja
	@cmake --build --preset fuzz -j $(JOBS)
	@scripts/fuzz $(SECONDS) $(TARGET)

.PHONY: deps deps-test deps-neon deps-bench deps-fuzz
deps:
	@mkdir -p build && scripts/install-deps
deps-test:
	@mkdir -p build && scripts/install-deps --test && scripts/install-servers
deps-neon:
	@mkdir -p build && scripts/install-deps --neon
deps-bench:
	@mkdir -p build && scripts/install-deps --bench
deps-fuzz:
	@mkdir -p build && scripts/install-deps --fuzz

# For a quiet machine. BENCH="--quick" or BENCH="--only files" to look at a part; bench-docs writes what the last whole run measured into
# docs/performance.md.
bench: deps-bench build/bench/build.ninja
	@cmake --build build/bench -j $(JOBS) --target sluice hot_path
	@python3 -m unittest discover -q -b -s bench -p '*_test.py'
	@bench/run build/bench/bin/sluice $(BENCH)
bench-docs:
	@bench/report

check-style:
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 --dry-run --Werror
format:
	@git ls-files -co --exclude-standard '*.h' '*.cc' | xargs clang-format-19 -i
clean:
	@rm -rf build
