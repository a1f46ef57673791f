// SPDX-License-Identifier: Apache-2.0
#include "wire/rw2_histogram.h"

#include <vector>

#include "wire/pbf_fields.h"

namespace mcore {
namespace {

HistogramSpan decode_span(std::string_view message) {
  HistogramSpan span;
  PbfFields reader(message);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        span.offset = static_cast<std::int32_t>(reader.zigzag());
        break;
      case 2:
        span.length = static_cast<std::uint32_t>(reader.whole());
        break;
      default:
        break;
    }
  }
  return span;
}

void decode_deltas(PbfFields& reader, std::vector<double>& counts, std::uint64_t& last) {
  reader.each_zigzag([&](std::int64_t delta) {
    last += static_cast<std::uint64_t>(delta);  // wraps where the sender's counts did
    counts.push_back(static_cast<double>(static_cast<std::int64_t>(last)));
  });
}

CounterResetHint reset_hint(std::uint64_t number) noexcept {
  switch (number) {
    case 1:
      return CounterResetHint::kReset;
    case 2:
      return CounterResetHint::kNotReset;
    case 3:
      return CounterResetHint::kGauge;
    default:
      return CounterResetHint::kUnknown;
  }
}

}  // namespace

Rw2HistogramTimes decode_rw2_histogram(std::string_view message, Histogram& h) {
  h = {};
  Rw2HistogramTimes times;
  std::uint64_t last_negative = 0;
  std::uint64_t last_positive = 0;
  const auto append_to = [](std::vector<double>& column) { return [&column](double x) { column.push_back(x); }; };
  PbfFields reader(message);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        h.count = static_cast<double>(reader.whole());
        h.is_float = false;
        break;
      case 2:
        h.count = reader.real();
        h.is_float = true;
        break;
      case 3:
        h.sum = reader.real();
        break;
      case 4:
        h.schema = static_cast<std::int32_t>(reader.zigzag());
        break;
      case 5:
        h.zero_threshold = reader.real();
        break;
      case 6:
        h.zero_count = static_cast<double>(reader.whole());
        break;
      case 7:
        h.zero_count = reader.real();
        break;
      case 8:
        h.negative_spans.push_back(decode_span(reader.bytes()));
        break;
      case 9:
        decode_deltas(reader, h.negative_counts, last_negative);
        break;
      case 10:
        reader.each_real(append_to(h.negative_counts));
        break;
      case 11:
        h.positive_spans.push_back(decode_span(reader.bytes()));
        break;
      case 12:
        decode_deltas(reader, h.positive_counts, last_positive);
        break;
      case 13:
        reader.each_real(append_to(h.positive_counts));
        break;
      case 14:
        h.hint = reset_hint(reader.whole());
        break;
      case 15:
        times.t_ms = static_cast<std::int64_t>(reader.whole());
        break;
      case 16:
        reader.each_real(append_to(h.custom_values));
        break;
      case 17:
        times.start_t_ms = static_cast<std::int64_t>(reader.whole());
        break;
      default:
        break;
    }
  }
  return times;
}

}  // namespace mcore
