// SPDX-License-Identifier: Apache-2.0
// render/*: from an answer to its text, on one core.
//
//   bench_render [WORD…]      runs the benchmarks whose names hold one of the words
//
// The answers: 500 series of 1441 samples each, 15 s apart (six hours), of whole numbers, of numbers with few decimals,
// and of rates with all their digits.
#include <cstdint>
#include <functional>
#include <string>

#include "render/query_json.h"
#include "render/query_table.h"
#include "support/bench.h"

namespace mcore {
namespace {

constexpr std::int64_t kTime = 1'704'067'200'000;
constexpr int kSeries = 500;
constexpr int kSamples = 1441;

QueryValue answer_of(const std::function<double(std::uint64_t)>& value_of) {
  QueryValue answer{.type = ValueType::kMatrix};
  std::uint64_t state = 1;
  LabelBuilder builder;
  for (int i = 0; i < kSeries; ++i) {
    const std::string cpu = std::to_string(i);
    builder.clear();
    builder.add("cpu", cpu);
    builder.add("instance", "host-17.example.org:9100");
    builder.add("job", "node");
    builder.add("mode", "idle");
    QuerySeries series{.labels = LabelSet(builder.build())};
    for (int k = 0; k < kSamples; ++k) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      series.samples.t_ms.push_back(kTime + k * 15'000);
      series.samples.value.push_back(value_of(state >> 20U));
    }
    answer.series.push_back(std::move(series));
  }
  return answer;
}

void run() {
  const auto discard = [](std::uint64_t& checksum, BenchWork& work) {
    return [&checksum, &work](std::string& text) {
      checksum += static_cast<unsigned char>(text[text.size() / 2]);
      work.bytes += text.size();
      text.clear();
    };
  };
  const auto bench = [&](std::string_view shape, const QueryValue& answer) {
    run_benchmark("render/json/" + std::string(shape), [&](std::uint64_t& checksum) {
      BenchWork work{.operations = std::uint64_t{kSeries} * kSamples};
      write_query_json(answer, discard(checksum, work));
      return work;
    });
    run_benchmark("render/tsv/" + std::string(shape), [&](std::uint64_t& checksum) {
      BenchWork work{.operations = std::uint64_t{kSeries} * kSamples};
      const NamedAnswer named{.name = "bench", .value = &answer};
      write_query_table({&named, 1}, {.format = TableFormat::kTsv}, discard(checksum, work));
      return work;
    });
  };
  bench("whole", answer_of([](std::uint64_t bits) { return static_cast<double>(bits % 10'000'000); }));
  bench("decimals", answer_of([](std::uint64_t bits) { return static_cast<double>(bits % 1'000'000) / 100; }));
  bench("rates", answer_of([](std::uint64_t bits) { return static_cast<double>(bits % 1'000'000) / 299.985; }));
}

}  // namespace
}  // namespace mcore

int main(int argc, char** argv) {
  mcore::select_benchmarks(argc, argv);
  mcore::run();
  return 0;
}
