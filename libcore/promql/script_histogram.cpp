// SPDX-License-Identifier: Apache-2.0
#include "promql/script_histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace mcore {
namespace {

constexpr std::int32_t kFarthestBucket = 1'000'000;  // the widest schema's last bucket is 262144

/// What may stand in a literal, in the order of kKeyNames.
enum class Key : std::uint8_t {
  kSchema,
  kCount,
  kSum,
  kZeroCount,
  kZeroThreshold,
  kBuckets,
  kOffset,
  kNegativeBuckets,
  kNegativeOffset,
  kCustomValues,
  kHint,
};
constexpr std::array<std::string_view, 11> kKeyNames = {
    "schema", "count",     "sum",      "z_bucket",      "z_bucket_w",        "buckets",
    "offset", "n_buckets", "n_offset", "custom_values", "counter_reset_hint"};

Key expect_key(ScriptCursor& in, std::uint32_t& seen) {
  ScriptCursor ahead = in;
  const std::string_view name = ahead.take_name();  // a name may have colons: the key ends at the first
  const std::string_view word = name.substr(0, name.find(':'));
  const auto found = std::ranges::find(kKeyNames, word);
  if (found == kKeyNames.end()) {
    in.fail("a histogram key such as buckets, or '}}'");
  }
  const auto number = static_cast<unsigned>(found - kKeyNames.begin());
  if ((seen >> number & 1U) != 0) {
    in.fail("each key once");
  }
  seen |= 1U << number;
  in.skip(word.size());
  in.expect(":");
  return static_cast<Key>(number);
}

std::int32_t expect_integer(ScriptCursor& in, std::int32_t most) {
  const ScriptCursor before = in;
  const bool is_negative = in.take("-");
  const std::uint64_t size = in.expect_count();
  if (size > static_cast<std::uint64_t>(most)) {
    before.fail(fmt::format("a whole number from -{} to {}", most, most));
  }
  return static_cast<std::int32_t>(size) * (is_negative ? -1 : 1);
}

std::vector<double> expect_list(ScriptCursor& in) {
  std::vector<double> numbers;
  in.expect("[");
  for (in.take_blanks(); !in.take("]"); in.take_blanks()) {
    numbers.push_back(in.expect_signed_number());
  }
  return numbers;
}

CounterResetHint expect_hint(ScriptCursor& in) {
  constexpr std::pair<std::string_view, CounterResetHint> kHints[] = {{"unknown", CounterResetHint::kUnknown},
                                                                      {"reset", CounterResetHint::kReset},
                                                                      {"not_reset", CounterResetHint::kNotReset},
                                                                      {"gauge", CounterResetHint::kGauge}};
  const ScriptCursor before = in;
  const std::string_view word = in.take_name();
  for (const auto& [text, hint] : kHints) {
    if (word == text) {
      return hint;
    }
  }
  before.fail("unknown, reset, not_reset or gauge");
}

/// One side while it is read: the offset may come before or after the buckets.
struct Side {
  std::vector<double> counts{};
  std::int32_t offset = 0;

  void move_to(std::vector<HistogramSpan>& spans, std::vector<double>& to) {
    if (!counts.empty()) {
      spans = {{.offset = offset, .length = static_cast<std::uint32_t>(counts.size())}};
      to = std::move(counts);
    }
  }
};

void check_schema(const ScriptCursor& at, const Histogram& histogram, const Side& positive, const Side& negative) {
  const bool is_custom = histogram.schema == kCustomBucketsSchema;
  if (!is_custom && (histogram.schema < kMinExponentialSchema || histogram.schema > kMaxExponentialSchema)) {
    at.fail("a schema from -4 to 8, or -53");
  }
  if (!is_custom) {
    return;
  }
  const std::vector<double>& bounds = histogram.custom_values;
  if (std::ranges::any_of(bounds, [](double bound) { return std::isnan(bound); }) || !std::ranges::is_sorted(bounds)) {
    at.fail("custom bounds that ascend");
  }
  const std::size_t end = static_cast<std::size_t>(std::max(positive.offset, 0)) + positive.counts.size();
  if (!negative.counts.empty() || positive.offset < 0 || (!positive.counts.empty() && end > bounds.size() + 1)) {
    at.fail("no more buckets than custom bounds and one");
  }
}

}  // namespace

ScriptHistogram read_script_histogram(ScriptCursor& in) {
  const ScriptCursor start = in;
  ScriptHistogram read;
  Histogram& histogram = read.histogram;
  histogram.is_float = true;
  Side positive;
  Side negative;
  std::uint32_t seen = 0;
  in.expect("{{");
  for (in.take_blanks(); !in.take("}}"); in.take_blanks()) {
    switch (expect_key(in, seen)) {
      case Key::kSchema:
        histogram.schema = expect_integer(in, kFarthestBucket);
        break;
      case Key::kCount:
        histogram.count = in.expect_signed_number();
        break;
      case Key::kSum:
        histogram.sum = in.expect_signed_number();
        break;
      case Key::kZeroCount:
        histogram.zero_count = in.expect_signed_number();
        break;
      case Key::kZeroThreshold:
        histogram.zero_threshold = in.expect_signed_number();
        break;
      case Key::kBuckets:
        positive.counts = expect_list(in);
        break;
      case Key::kOffset:
        positive.offset = expect_integer(in, kFarthestBucket);
        break;
      case Key::kNegativeBuckets:
        negative.counts = expect_list(in);
        break;
      case Key::kNegativeOffset:
        negative.offset = expect_integer(in, kFarthestBucket);
        break;
      case Key::kCustomValues:
        histogram.custom_values = expect_list(in);
        break;
      case Key::kHint:
        histogram.hint = expect_hint(in);
        read.names_hint = true;
        break;
    }
  }
  check_schema(start, histogram, positive, negative);
  positive.move_to(histogram.positive_spans, histogram.positive_counts);
  negative.move_to(histogram.negative_spans, histogram.negative_counts);
  return read;
}

}  // namespace mcore
