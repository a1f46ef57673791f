// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace mcore {

/// What one run of a benchmark did, to be set against its time.
struct BenchWork {
  std::uint64_t operations = 0;  // samples, as a rule
  std::uint64_t bytes = 0;
};

/// Runs `work` until about half a second has passed, several times over, and prints one line: name, nanoseconds per
/// operation, GB/s, allocations per operation, and a checksum that keeps the work from being optimised away. The figure
/// is the best round's: on a shared machine the others measure the neighbours. Name:  folder/operation/shape. A
/// command-line word of the program selects benchmarks whose name holds it.
void run_benchmark(std::string_view name, const std::function<BenchWork(std::uint64_t& checksum)>& work);

/// Keeps the words of the command line that select benchmarks. Call first.
void select_benchmarks(int argc, char** argv);

}  // namespace mcore
