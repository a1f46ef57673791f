// SPDX-License-Identifier: Apache-2.0
#include "support/bench.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>
#include <vector>

namespace {
std::uint64_t g_allocations = 0;  // benchmarks run on one thread
}  // namespace

// Counting every allocation of the program is the point of replacing these.
void* operator new(std::size_t size) {
  ++g_allocations;
  void* const p = std::malloc(size);
  if (p == nullptr) {
    throw std::bad_alloc();
  }
  return p;
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

namespace mcore {
namespace {

std::vector<std::string>& selected() {
  static std::vector<std::string> words;
  return words;
}

/// CPU time of this process: a neighbour's time slice is none of ours.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

void select_benchmarks(int argc, char** argv) {
  selected().assign(argv + 1, argv + argc);
}

void run_benchmark(std::string_view name, const std::function<BenchWork(std::uint64_t&)>& work) {
  const auto matches = [&](const std::string& word) { return name.find(word) != std::string_view::npos; };
  if (!selected().empty() && !std::ranges::any_of(selected(), matches)) {
    return;
  }
  constexpr int kRounds = 25;
  std::uint64_t checksum = 0;
  (void)work(checksum);  // warm: buffers grown, pages touched
  double best = 1e300;
  BenchWork done;
  std::uint64_t allocations = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t allocations_before = g_allocations;
    const double start = cpu_seconds();
    BenchWork sum;
    double seconds = 0;
    do {
      const BenchWork one = work(checksum);
      sum.operations += one.operations;
      sum.bytes += one.bytes;
      seconds = cpu_seconds() - start;
    } while (seconds < 0.02);
    if (seconds / static_cast<double>(sum.operations) < best) {
      best = seconds / static_cast<double>(sum.operations);
      done = sum;
      allocations = g_allocations - allocations_before;
    }
  }
  const auto operations = static_cast<double>(done.operations);
  std::printf("%-44.*s %8.1f ns/op %7.2f GB/s %8.4f allocs/op  (%016llx)\n", static_cast<int>(name.size()), name.data(),
              best * 1e9, static_cast<double>(done.bytes) / (best * operations) / 1e9,
              static_cast<double>(allocations) / operations, static_cast<unsigned long long>(checksum));
}

}  // namespace mcore
