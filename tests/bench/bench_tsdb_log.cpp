// SPDX-License-Identifier: Apache-2.0
// tsdb/log_*: reading and writing a write-ahead log of 1,000-series scrapes, on one core.
//
//   bench_tsdb_log [WORD…]      runs the benchmarks whose names hold one of the words
//
// read: from a file in the page cache to records; decode: from records to samples or label sets.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/fd.h"
#include "support/bench.h"
#include "tsdb/log_reader.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"
#include "tsdb/log_writer.h"

namespace mcore {
namespace {

constexpr int kTargets = 20;
constexpr int kSeriesOfTarget = 1000;

/// The samples of `scrapes` rounds, a record for each target and round, refs as they were given out.
std::vector<std::string> sample_records(int scrapes) {
  std::mt19937_64 random(1);
  std::vector<double> values(kTargets * kSeriesOfTarget);
  for (double& value : values) {
    value = static_cast<double>(random() % 100'000);
  }
  std::vector<std::string> records;
  for (int scrape = 0; scrape < scrapes; ++scrape) {
    for (int target = 0; target < kTargets; ++target) {
      SampleRecordWriter writer;
      const std::int64_t t_ms = 1'700'000'000'000 + scrape * 15'000 + target * 700;
      for (int i = 0; i < kSeriesOfTarget; ++i) {
        const std::size_t ref = static_cast<std::size_t>(target * kSeriesOfTarget + i);
        values[ref] += i % 3 == 0 ? static_cast<double>(random() % 100) : 0;
        writer.add(ref + 1, t_ms, values[ref]);
      }
      records.push_back(writer.record());
    }
  }
  return records;
}

std::vector<std::string> series_records() {
  std::vector<std::string> records;
  LabelBuilder builder;
  for (int target = 0; target < kTargets; ++target) {
    std::string record;
    begin_record(record, LogRecordType::kSeries);
    for (int i = 0; i < kSeriesOfTarget; ++i) {
      const std::string name = "node_made_subsystem_" + std::to_string(i / 4) + "_seconds_total";
      const std::string cpu = std::to_string(i % 4);
      const std::string instance = "host-" + std::to_string(target) + ".example:9100";
      builder.clear();
      builder.add(kNameLabel, name);
      builder.add("cpu", cpu);
      builder.add("instance", instance);
      builder.add("job", "node");
      builder.add("mode", "idle");
      append_series(record, static_cast<std::uint64_t>(target * kSeriesOfTarget + i + 1), builder.build());
    }
    records.push_back(record);
  }
  return records;
}

std::string frame(const std::vector<std::string>& records, LogCompression compression) {
  LogFramer framer;
  framer.begin(0);
  for (const std::string& record : records) {
    framer.add(record, compression);
  }
  return framer.bytes();
}

Fd scratch_file(const std::string& bytes) {
  char name[] = "/tmp/bench_tsdb_log_XXXXXX";
  Fd fd(::mkstemp(name));
  ::unlink(name);
  if (!fd.is_open() || write_all(fd.get(), bytes) != 0) {
    std::perror("bench_tsdb_log");
    std::exit(1);
  }
  return fd;
}

/// Reads a file of such records; operations are samples, bytes those of the records.
BenchWork read_file(const Fd& fd, bool decodes, std::uint64_t& checksum) {
  BenchWork work;
  LogReader reader(fd.get(), "scratch");
  static SampleRecordDecoder decoder;
  while (reader.next() == LogReadStatus::kRecord) {
    work.bytes += reader.record().size();
    work.operations += kSeriesOfTarget;
    checksum += reader.last_crc();
    if (decodes) {
      checksum += decoder.decode(LogRecordType::kSamples, log_record_body(reader.record())) ? 1 : 0;
      checksum += decoder.samples().back().ref;
    }
  }
  return work;
}

void run_reading(const std::vector<std::string>& records) {
  for (const bool compressed : {false, true}) {
    const LogCompression compression = compressed ? LogCompression::kSnappy : LogCompression::kNone;
    const Fd fd = scratch_file(frame(records, compression));
    const std::string shape = compressed ? "snappy" : "plain";
    run_benchmark("tsdb/log_read/" + shape, [&fd](std::uint64_t& checksum) { return read_file(fd, false, checksum); });
    run_benchmark("tsdb/log_read_decode/" + shape,
                  [&fd](std::uint64_t& checksum) { return read_file(fd, true, checksum); });
    LogFramer framer;
    run_benchmark("tsdb/log_frame/" + shape, [&records, &framer, compression](std::uint64_t& checksum) {
      BenchWork work;
      for (const std::string& record : records) {
        framer.begin(work.bytes % kLogPageSize);
        framer.add(record, compression);
        work.bytes += record.size();
        work.operations += kSeriesOfTarget;
        checksum += framer.last_crc();
      }
      return work;
    });
  }
}

void run() {
  const std::vector<std::string> records = sample_records(100);
  const std::vector<std::string> series = series_records();
  run_reading(records);
  SampleRecordDecoder decoder;
  run_benchmark("tsdb/log_decode/samples", [&](std::uint64_t& checksum) {
    BenchWork work;
    for (const std::string& record : records) {
      checksum += decoder.decode(LogRecordType::kSamples, log_record_body(record)) ? 1 : 0;
      checksum += decoder.samples().back().ref;
      work.operations += decoder.samples().size();
      work.bytes += record.size();
    }
    return work;
  });
  SampleRecordWriter writer;
  run_benchmark("tsdb/log_encode/samples", [&](std::uint64_t& checksum) {
    writer.clear();
    for (std::uint64_t ref = 1; ref <= kSeriesOfTarget; ++ref) {
      writer.add(5000 + ref, 1'700'000'000'000, static_cast<double>(ref));
    }
    checksum += writer.record().size();
    return BenchWork{kSeriesOfTarget, writer.record().size()};
  });
  run_benchmark("tsdb/log_decode/series", [&](std::uint64_t& checksum) {
    BenchWork work;
    for (const std::string& record : series) {
      for (SeriesRecordReader reader(log_record_body(record)); reader.next(); ++work.operations) {
        checksum += reader.ref() + reader.labels().bytes().size();
      }
      work.bytes += record.size();
    }
    return work;
  });
}

}  // namespace
}  // namespace mcore

int main(int argc, char** argv) {
  mcore::select_benchmarks(argc, argv);
  mcore::run();
  return 0;
}
