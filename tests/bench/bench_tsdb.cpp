// SPDX-License-Identifier: Apache-2.0
// What samples cost to encode and to decode.
#include <array>
#include <bit>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/bench.h"
#include "tsdb/xor_append.h"
#include "tsdb/xor_chunk.h"
#include "tsdb/xor_reader.h"

namespace mcore {
namespace {

struct Column {
  std::vector<std::int64_t> t_ms;
  std::vector<double> value;
};

constexpr std::size_t kChunkSamples = 120;

/// Several chunks' worth of samples as a scraped host gives them: idle series, counters, gauges with decimals.
Column samples(bool jittered) {
  std::mt19937_64 random(42);
  Column out;
  constexpr std::size_t kSeries = 500;
  for (std::size_t series = 0; series < kSeries; ++series) {
    double value = static_cast<double>(random() % 100'000);
    for (std::size_t i = 0; i < kChunkSamples; ++i) {
      const std::int64_t jitter = jittered ? static_cast<std::int64_t>(random() % 21) - 10 : 0;
      out.t_ms.push_back(1'700'000'000'000 + static_cast<std::int64_t>(i) * 15'000 + jitter);
      out.value.push_back(value);
      if (series % 10 == 8) {
        value += static_cast<double>(random() % 1000);
      } else if (series % 10 == 9) {
        value = static_cast<double>(random() % 10'000) / 100;
      } else if (series % 10 == 7 && random() % 4 == 0) {
        value += 1;
      }
    }
  }
  return out;
}

struct Stream {
  std::array<char, 2000> bytes;
  std::size_t bit;
  XorState state;
};

void append(Stream& stream, const Column& column, std::size_t i) {
  stream.bit = xor_append(stream.bytes.data(), stream.bit, stream.bytes.size() * 8, stream.state, column.t_ms[i],
                          column.value[i]);
}

void empty(std::vector<Stream>& streams) {
  for (Stream& stream : streams) {
    stream.bit = 0;
    stream.state = XorState();
  }
}

void append_by_series(const Column& column, std::vector<Stream>& streams) {
  empty(streams);
  for (std::size_t i = 0; i < column.t_ms.size(); ++i) {
    append(streams[i / kChunkSamples], column, i);
  }
}

void append_by_scrape(const Column& column, std::vector<Stream>& streams) {
  empty(streams);
  for (std::size_t sample = 0; sample < kChunkSamples; ++sample) {
    for (std::size_t series = 0; series < streams.size(); ++series) {
      append(streams[series], column, series * kChunkSamples + sample);
    }
  }
}

void encode_all(const Column& column, std::size_t chunk_samples, XorWindows windows, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < column.t_ms.size(); i += chunk_samples) {
    encode_xor_chunk(std::span(column.t_ms).subspan(i, chunk_samples),
                     std::span(column.value).subspan(i, chunk_samples), out, windows);
  }
}

void run() {
  for (const bool jittered : {false, true}) {
    const std::string shape = jittered ? "jittered" : "steady";
    const Column column = samples(jittered);
    std::vector<Stream> streams(column.t_ms.size() / kChunkSamples);
    append_by_series(column, streams);
    std::uint64_t bytes = 0;
    for (const Stream& stream : streams) {
      bytes += (stream.bit + 7) / 8;
    }
    for (const bool by_scrape : {false, true}) {
      run_benchmark("tsdb/xor_append/" + shape + (by_scrape ? "_by_scrape" : "_by_series"),
                    [&](std::uint64_t& checksum) {
                      by_scrape ? append_by_scrape(column, streams) : append_by_series(column, streams);
                      checksum += streams.back().bit;
                      return BenchWork{.operations = column.t_ms.size(), .bytes = bytes};
                    });
    }
    for (const auto& [name, windows] : {std::pair("server_", XorWindows::kServer),
                                        {"shortest_", XorWindows::kShortest},
                                        {"optimal_", XorWindows::kOptimal}}) {
      std::string out;
      encode_all(column, kChunkSamples, windows, out);
      run_benchmark("tsdb/xor_encode/" + (name + shape), [&, which = windows](std::uint64_t& checksum) {
        encode_all(column, kChunkSamples, which, out);
        checksum += out.size();
        return BenchWork{.operations = column.t_ms.size(), .bytes = out.size()};
      });
    }
    run_benchmark("tsdb/xor_decode/" + shape, [&](std::uint64_t& checksum) {
      std::array<std::int64_t, kChunkSamples> t_ms;
      std::array<double, kChunkSamples> value;
      for (const Stream& stream : streams) {
        XorReader reader(stream.bytes.data(), stream.bit, stream.state.count);
        checksum += reader.read(t_ms, value) + std::bit_cast<std::uint64_t>(value.back());
      }
      return BenchWork{.operations = column.t_ms.size(), .bytes = bytes};
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
