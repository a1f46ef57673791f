// SPDX-License-Identifier: Apache-2.0
#include "promql/script_values.h"

#include <fmt/format.h>

#include <bit>
#include <string_view>
#include <utility>

#include "base/number_text.h"
#include "model/duration.h"
#include "promql/histogram_math.h"
#include "promql/script_histogram.h"

namespace mcore {
namespace {

constexpr std::size_t kHistogramRoom = 16;  // what a histogram without buckets weighs, in values

void take_room(std::size_t& room, std::uint64_t size) {
  if (size > room) {
    throw_script_error("more values than a script may have");
  }
  room -= size;
}

ScriptValue float_value(double value) {
  return {.kind = ScriptValue::Kind::kFloat, .value = value};
}

ScriptValue histogram_value(Histogram histogram, bool names_hint) {
  return {.kind = ScriptValue::Kind::kHistogram,
          .names_hint = names_hint,
          .histogram = std::make_shared<const Histogram>(std::move(histogram))};
}

/// Behind a value: `xN`. A bare value is there once.
std::uint64_t repeats(ScriptCursor& in) {
  return in.take("x") ? in.expect_count() : 0;
}

void read_floats(ScriptCursor& in, std::size_t& room, std::vector<ScriptValue>& out) {
  double value = 0;
  double step = 0;
  std::uint64_t count = 0;
  if (in.take("stale")) {
    value = std::bit_cast<double>(kStaleNanBits);
    count = repeats(in);
    take_room(room, count);
    take_room(room, 1);
    out.insert(out.end(), count + 1, float_value(value));  // never computed with: a sum would be another NaN
    return;
  }
  value = in.expect_signed_number();
  const bool has_step = in.peek() == '+' || in.peek() == '-';
  if (has_step) {
    step = in.expect_signed_number();
    in.expect("x");
    count = in.expect_count();
  } else {
    count = repeats(in);
  }
  take_room(room, count);
  take_room(room, 1);
  for (std::uint64_t i = 0; i <= count; ++i) {
    out.push_back(float_value(value));
    value += step;
  }
}

void read_histograms(ScriptCursor& in, std::size_t& room, std::vector<ScriptValue>& out) {
  ScriptHistogram first = read_script_histogram(in);
  const bool adds = in.take("+");
  if (!adds && !in.take("-")) {
    const std::uint64_t count = repeats(in);
    take_room(room, count);
    take_room(room, 1);
    out.insert(out.end(), count + 1, histogram_value(std::move(first.histogram), first.names_hint));
    return;
  }
  const ScriptCursor before = in;
  const ScriptHistogram step = read_script_histogram(in);
  in.expect("x");
  const std::uint64_t count = in.expect_count();
  Histogram histogram = std::move(first.histogram);
  for (std::uint64_t i = 0; i < count; ++i) {
    take_room(room, kHistogramRoom + histogram.bucket_count());
    out.push_back(histogram_value(histogram, step.names_hint));
    if (histogram.schema > step.histogram.schema) {
      before.fail("a histogram of no lower resolution than the one before it");
    }
    const HistogramOutcome outcome =
        adds ? add_histogram(histogram, step.histogram) : subtract_histogram(histogram, step.histogram);
    if (outcome.is_incompatible) {
      before.fail("a histogram with the same kind of buckets");
    }
  }
  take_room(room, kHistogramRoom + histogram.bucket_count());
  out.push_back(histogram_value(std::move(histogram), step.names_hint));
}

/// `_` was read: one empty place, or with `xN` N of them.
std::uint64_t read_gap(ScriptCursor& in, std::size_t& room) {
  const std::uint64_t count = in.take("x") ? in.expect_count() : 1;
  take_room(room, count);
  return count;
}

/// A signed duration, up to what cannot belong to one.
std::int64_t expect_offset(ScriptCursor& in) {
  const bool is_negative = in.take("-");
  if (!is_negative) {
    in.take("+");
  }
  const std::string_view text = in.rest().substr(0, in.rest().find_first_of(" \tx+-"));
  const auto duration = parse_duration(text);
  if (!duration.ok()) {
    in.fail("a duration such as 30s or 1m");
  }
  in.skip(text.size());
  return duration.value().count() * (is_negative ? -1 : 1);
}

/// Reads items with blanks before each, to the end of the line.
template <typename ReadItem>
void read_items(ScriptCursor& in, ReadItem&& read) {
  for (;;) {
    const bool has_blanks = in.take_blanks();
    if (in.at_end()) {
      return;
    }
    if (!has_blanks) {
      in.fail("a blank before the next value");
    }
    read();
  }
}

}  // namespace

std::vector<ScriptValue> read_script_values(ScriptCursor& in, std::size_t& room) {
  std::vector<ScriptValue> values;
  read_items(in, [&] {
    if (in.take("_")) {
      values.resize(values.size() + read_gap(in, room));
    } else if (in.rest().starts_with("{{")) {
      read_histograms(in, room, values);
    } else {
      read_floats(in, room, values);
    }
  });
  return values;
}

std::vector<std::optional<std::int64_t>> read_script_starts(ScriptCursor& in, std::size_t& room) {
  std::vector<std::optional<std::int64_t>> offsets;
  read_items(in, [&] {
    if (in.take("_")) {
      offsets.resize(offsets.size() + read_gap(in, room));
      return;
    }
    std::int64_t offset = expect_offset(in);
    std::int64_t step = 0;
    std::uint64_t count = 0;
    if (in.peek() == '+' || in.peek() == '-') {
      step = expect_offset(in);
      in.expect("x");
      count = in.expect_count();
    } else {
      count = repeats(in);
    }
    take_room(room, count);
    take_room(room, 1);
    for (std::uint64_t i = 0; i <= count; ++i) {
      offsets.emplace_back(offset);
      if (__builtin_add_overflow(offset, step, &offset)) {
        throw_script_error("a start time beyond all times");
      }
    }
  });
  return offsets;
}

}  // namespace mcore
