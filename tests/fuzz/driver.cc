// SPDX-License-Identifier: Apache-2.0
// Runs one fuzz target without a fuzzer: all seeds, then a fixed number of mutations of them, the
// same ones every time.
//
//   fuzz_TARGET CORPUS --runs N [--number K]   the test; K chooses other mutations
//   fuzz_TARGET FILE…                          these inputs, to look into a failure
//   fuzz_TARGET CORPUS --write FOLDER          the seeds as files, for libFuzzer
//
// The target runs in a child process, so that what kills it can be written to a file whatever it
// was: a failed check, a sanitizer, or more CPU time than any input may take.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/hash.h"
#include "sluice/base/io.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutator.h"
#include "tests/fuzz/seed_files.h"

// No input makes a parser ask for this much at once. A zstd window may have 128 MiB.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=400";
}

namespace sluice {
namespace {

constexpr rlim_t kMostCpuSeconds = 120;
constexpr size_t kLargestInput = size_t{1} << 20;

struct Arguments {
  std::vector<std::string> paths;
  std::string write;
  uint64_t runs = 0, number = 1;
};

// What the child is at, for the parent to read when it has died.
struct Progress {
  uint64_t run;
  size_t size;
  bool at_end;
  char input[kLargestInput];
};

void Run(std::string_view input, Progress& progress) {
  input = input.substr(0, kLargestInput);
  ++progress.run;
  progress.size = input.size();
  std::memcpy(progress.input, input.data(), input.size());
  // A copy of exactly this size, so that a byte read behind it is noticed.
  const std::vector<uint8_t> copy(input.begin(), input.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

[[noreturn]] void RunAll(const std::vector<std::string>& seeds, const Arguments& arguments,
                         Progress& progress) {
  const rlimit limit{kMostCpuSeconds, kMostCpuSeconds};
  SLUICE_CHECK(::setrlimit(RLIMIT_CPU, &limit) == 0);
  for (const std::string& seed : seeds) Run(seed, progress);
  Mutator mutator(arguments.number, seeds);
  for (uint64_t i = 0; i < arguments.runs; ++i) Run(mutator.Next(), progress);
  progress.at_end = true;
  std::exit(0);  // which looks for leaks
}

int ReportDeath(int status, const char* program, const Arguments& arguments,
                const Progress& progress) {
  const char* how = WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "a sanitizer";
  if (progress.at_end) {
    std::fprintf(stderr, "fuzz: failed at the end, after %llu inputs: %s\n",
                 static_cast<unsigned long long>(progress.run), how);
    return 1;
  }
  const std::string_view input(progress.input, progress.size);
  const std::string file =
      std::filesystem::absolute("crash-" + std::filesystem::path(program).filename().string() +
                                "-" + ToHex(Sha256Of(input)).substr(0, 12));
  std::ofstream(file, std::ios::binary) << input;
  std::fprintf(stderr,
               "fuzz: input %llu of --number %llu ended the target: %s\n"
               "fuzz: it is in %s\nfuzz: to see it again: %s %s\n",
               static_cast<unsigned long long>(progress.run),
               static_cast<unsigned long long>(arguments.number), how, file.c_str(), program,
               file.c_str());
  return 1;
}

int RunInChild(const std::vector<std::string>& seeds, const char* program,
               const Arguments& arguments) {
  void* shared =
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  SLUICE_CHECK(shared != MAP_FAILED);
  Progress& progress = *static_cast<Progress*>(shared);
  const pid_t child = ::fork();
  SLUICE_CHECK(child >= 0);
  if (child == 0) RunAll(seeds, arguments, progress);
  int status = 0;
  SLUICE_CHECK(::waitpid(child, &status, 0) == child);
  if (status != 0) return ReportDeath(status, program, arguments, progress);
  std::printf("fuzz: %zu seeds and %llu mutations, --number %llu\n", seeds.size(),
              static_cast<unsigned long long>(arguments.runs),
              static_cast<unsigned long long>(arguments.number));
  return 0;
}

int WriteSeeds(const std::vector<std::string>& seeds, const std::string& folder) {
  std::filesystem::create_directories(folder);
  for (const std::string& seed : seeds) {
    const std::string name = ToHex(Sha256Of(seed)).substr(0, 16);
    std::ofstream(folder + "/" + name, std::ios::binary) << seed;
  }
  return 0;
}

Arguments Parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view value = values[i];
    const char* next = i + 1 < count ? values[i + 1] : "";
    if (value == "--runs") {
      arguments.runs = std::strtoull(next, nullptr, 10);
    } else if (value == "--number") {
      arguments.number = std::strtoull(next, nullptr, 10);
    } else if (value == "--write") {
      arguments.write = next;
    } else {
      arguments.paths.emplace_back(value);
      continue;
    }
    ++i;
  }
  return arguments;
}

int Main(int count, char** values) {
  const Arguments arguments = Parse(count, values);
  std::vector<std::string> seeds;
  bool is_file = false;
  for (const std::string& path : arguments.paths) {
    if (std::filesystem::is_regular_file(path)) {
      is_file = true;
      if (auto text = ReadFile(path, Bytes{kLargestInput})) seeds.push_back(*std::move(text));
    } else {
      for (std::string& seed : CorpusSeeds(path)) seeds.push_back(std::move(seed));
    }
  }
  if (!is_file) {
    for (std::string& seed : FuzzSeeds()) seeds.push_back(std::move(seed));
  }
  if (seeds.empty()) {
    std::fprintf(stderr, "fuzz: no seeds; is SLUICE_SOURCE the repository?\n");
    return 2;
  }
  if (!arguments.write.empty()) return WriteSeeds(seeds, arguments.write);
  return RunInChild(seeds, values[0], arguments);
}

}  // namespace
}  // namespace sluice

int main(int count, char** values) {
  return sluice::Main(count, values);
}
