# make demo | demo-servers | demo-redshift | test | test-tsan | test-neon | test-lambda | test-crash | test-all | mutants | fuzz | release | lambda | bench | bench-docs | bench-lambda | bench-aws | bench-warehouse | format | clean. The rest is in CMakePresets.json.
EVENTS ?= 100000
JOBS ?= $(shell nproc)
SECONDS ?= 60

# So that what one checkout has compiled serves another one in another folder.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.PHONY: help demo demo-servers demo-redshift test test-tsan test-neon test-lambda test-crash test-all mutants fuzz release lambda bench bench-docs bench-lambda bench-aws bench-warehouse check-style format clean
help:
	@sed -n '1s/^# //p' Makefile

build/%/build.ninja: CMakeLists.txt CMakePresets.json
	@cmake --preset $* >build/$*.log 2>&1 || { cat build/$*.log; exit 1; }

release: deps build/release/build.ninja
	@cmake --build build/release -j $(JOBS) --target sluice

demo: release
	@scripts/demo build/release/bin/sluice $(EVENTS)

# The same on servers of SQS's and S3's protocols.
demo-servers: release deps-servers
	@scripts/demo-servers build/release/bin/sluice $(EVENTS)

# And with Redshift's stand-in as the warehouse.
demo-redshift: release deps-servers
	@scripts/demo-servers build/release/bin/sluice $(EVENTS) build/demo-redshift --redshift

# The crash tests strike every operation in turn: DuckDB under a sanitizer would make hours of them. And under one nobody can tell what memory the
# program itself took.
test: deps-test build/dev/build.ninja build/plain/build.ninja
	@cmake --build build/dev -j $(JOBS)
	@scripts/check-layers
	@ctest --test-dir build/dev --output-on-failure -j $(JOBS) -LE 'all|long'
	@cmake --build build/plain -j $(JOBS) --target crash_test warehouse_test sluice
	@ctest --test-dir build/plain --output-on-failure -j $(JOBS) -R '^(crash_|warehouse_killed|e2e_many_objects)'
	@grep -h 'crash points:' build/plain/Testing/Temporary/LastTest.log

test-tsan: deps-test build/tsan/build.ninja
	@cmake --build build/tsan -j $(JOBS)
	@ctest --test-dir build/tsan --output-on-failure -j $(JOBS) -LE 'all|long'

# The conversion for 64-bit ARM, under qemu: what the fast path has of its own there.
test-neon: deps-neon
	@scripts/test-neon $(JOBS)

# Processes that fail, die or stop at their operations on servers, one of each kind; with SLUICE_CRASH_POINTS=all at every one, for hours.
test-crash: deps-test build/plain/build.ninja
	@cmake --build build/plain -j $(JOBS) --target sluice
	@ctest --test-dir build/plain --output-on-failure -L long

# And what needs a server that takes long to install, or a program of its own: the static one of AWS Lambda.
test-all: deps-all test test-lambda
	@ctest --test-dir build/dev --output-on-failure -j $(JOBS) -L all

# Breaks sluice on purpose and wants the tests to notice: docs/testing.md. MUTANTS="not-in no-update" for some of them.
mutants: deps-test
	@scripts/mutants --jobs $(JOBS) $(MUTANTS)

# The deployment package of the function of AWS Lambda, for the processors of ARCH: x86_64 or arm64.
ARCH ?= x86_64
LAMBDA_PRESET = lambda$(if $(filter arm64,$(ARCH)),-arm64)
lambda: deps-$(LAMBDA_PRESET) build/$(LAMBDA_PRESET)/build.ninja
	@cmake --build --preset $(LAMBDA_PRESET) -j $(JOBS)
	@scripts/lambda-zip build/$(LAMBDA_PRESET)/bin/bootstrap build/$(LAMBDA_PRESET)/sluice-lambda-$(ARCH).zip

# The static program itself, which the other tests have a dynamic one of.
test-lambda: deps-test lambda $(if $(filter arm64,$(ARCH)),deps-neon)
	@scripts/test-lambda "$(if $(filter arm64,$(ARCH)),qemu-aarch64 )build/$(LAMBDA_PRESET)/bin/bootstrap"

# Each fuzz target of tests/fuzz/, or TARGET, for SECONDS. `make test` runs them too, without libFuzzer and briefly.
fuzz: deps-fuzz build/fuzz/build.ninja
	@cmake --build --preset fuzz -j $(JOBS)
	@scripts/fuzz $(SECONDS) $(TARGET)

.PHONY: deps deps-servers deps-test deps-all deps-neon deps-bench deps-fuzz
deps:
	@mkdir -p build && scripts/install-deps
deps-servers: deps
	@scripts/install-servers
deps-test:
	@mkdir -p build && scripts/install-deps --test && scripts/install-servers
deps-all: deps-test
	@scripts/install-servers --all
deps-neon:
	@mkdir -p build && scripts/install-deps --neon
deps-bench:
	@mkdir -p build && scripts/install-deps --bench
deps-lambda:
	@mkdir -p build && scripts/install-deps --lambda
deps-lambda-arm64:
	@mkdir -p build && scripts/install-deps --lambda-arm64
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
# The function beside one in Python, against the stand-in for AWS Lambda.
bench-lambda: deps-test lambda
	@bench/lambda build/lambda/bin/bootstrap build/lambda/sluice-lambda-x86_64.zip

# Receiving, landing and moving objects beside boto3, on servers that take a core themselves.
bench-aws: deps-servers build/bench/build.ninja
	@cmake --build build/bench -j $(JOBS) --target sluice s3_transfer
	@"$${SLUICE_DEPS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/sluice/deps}"/servers/python/bin/python -B bench/aws build/bench/bin/sluice

# Loading beside who only copies, and into a ledger and a table that have grown, which takes 20 GB of disk. To look at it:
# BENCH="--events 20000 --ledger-rows 200000 --runs 1".
bench-warehouse: deps-servers deps-bench build/bench/build.ninja
	@cmake --build build/bench -j $(JOBS) --target sluice
	@"$${SLUICE_DEPS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/sluice/deps}"/servers/python/bin/python -B bench/warehouse build/bench/bin/sluice $(BENCH)

check-style:
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 --dry-run --Werror
	@scripts/mutants --check-docs
format:
	@git ls-files -co --exclude-standard '*.h' '*.cc' | xargs clang-format-19 -i
clean:
	@rm -rf build
