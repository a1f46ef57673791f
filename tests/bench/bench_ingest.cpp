// SPDX-License-Identifier: Apache-2.0
// ingest/read/*, ingest/write/*: streams from a file of each format to batches and back, on one core.
//
//   bench_ingest [WORD…]      runs the benchmarks whose names hold one of the words
//
// The stream: many hosts and scrapes in time order ($METRICUTILS_BENCH_STREAM, for instance the output of the workload
// generator, else one made here).
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "base/atomic_file.h"
#include "base/fd.h"
#include "ingest/stream_input.h"
#include "ingest/stream_output.h"
#include "support/bench.h"
#include "support/conformance.h"

namespace mcore {
namespace {

std::string made_stream() {
  std::string stream;
  for (int scrape = 0; scrape < 2; ++scrape) {
    for (int host = 0; host < 100; ++host) {
      for (int family = 0; family < 260; ++family) {
        for (int cpu = 0; cpu < 2; ++cpu) {
          stream += "node_made_subsystem_" + std::to_string(family) + "_total{cpu=\"" + std::to_string(cpu) +
                    "\",mode=\"idle\",instance=\"host-" + std::to_string(host) + ":9100\",job=\"node\"} " +
                    std::to_string(family * 7919 + scrape * 15) + ".25 " +
                    std::to_string(1'704'067'200'000 + scrape * 15'000) + "\n";
        }
      }
    }
  }
  return stream;
}

Fd file_with(const std::string& bytes) {
  char path[] = "/tmp/bench-ingest-XXXXXX";
  Fd file(::mkstemp(path));
  ::unlink(path);
  if (write_all(file.get(), bytes) != 0) {
    std::abort();
  }
  return file;
}

template <typename Visit>
BenchWork read_all(const Fd& file, std::size_t bytes, Visit&& visit) {
  ::lseek(file.get(), 0, SEEK_SET);
  BenchWork work{.operations = 0, .bytes = bytes};
  const FixedClock clock(0);
  StreamInput input(file.get(), "bench", clock, {}, [](const StreamFault& fault) {
    std::fprintf(stderr, "%s\n", fault.text().c_str());
    std::abort();
  });
  SampleBatch batch;
  while (input.next(batch)) {
    work.operations += batch.samples().size();
    visit(batch);
  }
  return work;
}

void run() {
  const char* const set = std::getenv("METRICUTILS_BENCH_STREAM");
  const std::string text = set != nullptr ? read_test_file(set) : made_stream();
  const Fd source = file_with(text);
  for (const StreamFormat format :
       {StreamFormat::kPrometheusText, StreamFormat::kRw2, StreamFormat::kJsonLines, StreamFormat::kCsv}) {
    const std::string word(stream_format_word(format));
    const auto write = [&](const auto& take) {
      const auto output = make_stream_output(format, {.csv_labels = {"cpu", "instance", "job", "mode"}});
      const BenchWork work = read_all(source, text.size(), [&](const SampleBatch& batch) {
        output->add(batch);
        take(output->output());
        output->output().clear();
      });
      output->finish();
      take(output->output());
      return work;
    };
    std::string stream;
    (void)write([&stream](const std::string& piece) { stream += piece; });
    const Fd file = file_with(stream);
    run_benchmark("ingest/read/" + word, [&](std::uint64_t& checksum) {
      return read_all(file, stream.size(), [&checksum](const SampleBatch& batch) {
        checksum += batch.samples().back().labels_hash + static_cast<std::uint64_t>(batch.samples().back().t_ms);
      });
    });
    run_benchmark("ingest/read_text_and_write/" + word, [&](std::uint64_t& checksum) {
      return write([&checksum](const std::string& piece) { checksum += piece.size(); });
    });
  }
}

}  // namespace
}  // namespace mcore

int main(int argc, char** argv) {
  mcore::select_benchmarks(argc, argv);
  mcore::run();
  return 0;
}
