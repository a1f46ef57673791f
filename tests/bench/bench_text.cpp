// SPDX-License-Identifier: Apache-2.0
// text/parse/*: from the bytes of an exposition to samples, on one core.
//
//   bench_text [WORD…]      runs the benchmarks whose names hold one of the words
//
// The bodies: a node_exporter scrape ($METRICUTILS_BENCH_BODY, else the one beside a full checkout, else a made one of
// its shape), and a stream of many hosts and scrapes in time order ($METRICUTILS_BENCH_STREAM, for instance the output
// of the workload generator, else one made from the body).
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/hash.h"
#include "support/bench.h"
#include "support/conformance.h"
#include "text/prom_text_reader.h"

namespace mcore {
namespace {

std::string made_body() {
  std::string body;
  for (int family = 0; family < 290; ++family) {
    const std::string name = "node_made_subsystem_" + std::to_string(family) + "_total";
    body += "# HELP " + name + " What the subsystem number " + std::to_string(family) + " has counted so far.\n";
    body += "# TYPE " + name + " counter\n";
    for (int cpu = 0; cpu < 2; ++cpu) {
      body +=
          name + "{cpu=\"" + std::to_string(cpu) + "\",mode=\"idle\"} " + std::to_string(family * 7919 + cpu) + ".25\n";
    }
  }
  return body;
}

std::string body() {
  const char* const set = std::getenv("METRICUTILS_BENCH_BODY");
  const auto shared = conformance_folder();
  const std::filesystem::path beside = shared ? *shared / ".." / "bench" / "node-exporter.prom" : "";
  if (set != nullptr) {
    return read_test_file(set);
  }
  return std::filesystem::exists(beside) ? read_test_file(beside) : made_body();
}

std::string stream_of(const std::string& one) {
  if (const char* const set = std::getenv("METRICUTILS_BENCH_STREAM")) {
    return read_test_file(set);
  }
  std::string stream;
  PromTextReader reader(one);
  for (int host = 0; host < 100; ++host) {
    reader = PromTextReader(one);
    const std::string end = "instance=\"host-" + std::to_string(host) + ":9100\",job=\"node\"} ";
    for (ExpositionEntry entry = reader.next(); entry != ExpositionEntry::kEnd; entry = reader.next()) {
      if (entry != ExpositionEntry::kSample) {
        continue;
      }
      std::string text(reader.series_text());
      if (text.back() == '}') {
        text.back() = ',';
      } else {
        text += '{';
      }
      stream += text;
      stream += end;
      stream += std::to_string(reader.value()) + " 1704067200000\n";
    }
  }
  return stream;
}

void run() {
  const std::string one = body();
  const std::string many = stream_of(one);

  const auto series = [](const std::string& text) {
    return [&text](std::uint64_t& checksum) {
      BenchWork work{.operations = 0, .bytes = text.size()};
      PromTextReader reader(text);
      for (ExpositionEntry entry = reader.next(); entry != ExpositionEntry::kEnd; entry = reader.next()) {
        if (entry == ExpositionEntry::kSample) {
          checksum += hash_bytes(reader.series_text()) + static_cast<std::uint64_t>(reader.value()) +
                      static_cast<std::uint64_t>(reader.timestamp_ms().value_or(0));
          ++work.operations;
        }
      }
      return work;
    };
  };
  const auto labels = [](const std::string& text) {
    return [&text, builder = LabelBuilder()](std::uint64_t& checksum) mutable {
      BenchWork work{.operations = 0, .bytes = text.size()};
      PromTextReader reader(text);
      for (ExpositionEntry entry = reader.next(); entry != ExpositionEntry::kEnd; entry = reader.next()) {
        if (entry == ExpositionEntry::kSample) {
          builder.clear();
          reader.labels(builder);
          checksum += builder.build().hash() + static_cast<std::uint64_t>(reader.value()) +
                      static_cast<std::uint64_t>(reader.timestamp_ms().value_or(0));
          ++work.operations;
        }
      }
      return work;
    };
  };
  run_benchmark("text/parse/node_exporter_series_hash", series(one));
  run_benchmark("text/parse/node_exporter_label_set_hash", labels(one));
  run_benchmark("text/parse/time_ordered_series_hash", series(many));
  run_benchmark("text/parse/time_ordered_label_set_hash", labels(many));
}

}  // namespace
}  // namespace mcore

int main(int argc, char** argv) {
  mcore::select_benchmarks(argc, argv);
  mcore::run();
  return 0;
}
