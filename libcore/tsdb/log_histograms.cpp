// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_histograms.h"

#include <cassert>
#include <limits>

namespace mcore {
namespace {

/// A count of an integer histogram as it is written; what no integer can be (only a histogram_fault() has it) becomes
/// 0.
std::uint64_t whole_count(double count) noexcept {
  constexpr double kEnd = 18446744073709551616.0;  // 2^64
  return count >= 0 && count < kEnd ? static_cast<std::uint64_t>(count) : 0;
}

void append_spans(std::string& out, const std::vector<HistogramSpan>& spans) {
  append_uvarint(out, spans.size());
  for (const HistogramSpan& span : spans) {
    append_varint(out, span.offset);
    append_uvarint(out, span.length);
  }
}

void append_counts(std::string& out, bool is_float, const std::vector<double>& counts) {
  append_uvarint(out, counts.size());
  std::uint64_t before = 0;
  for (const double count : counts) {
    if (is_float) {
      append_f64(out, count);
    } else {
      const std::uint64_t whole = whole_count(count);
      append_varint(out, static_cast<std::int64_t>(whole - before));
      before = whole;
    }
  }
}

void append_floats(std::string& out, const std::vector<double>& values) {
  append_uvarint(out, values.size());
  for (const double value : values) {
    append_f64(out, value);
  }
}

bool read_spans(ByteReader& reader, std::vector<HistogramSpan>& spans) {
  const std::uint64_t count = reader.uvarint();
  if (count > reader.left() / 2) {
    return false;
  }
  spans.resize(count);
  for (HistogramSpan& span : spans) {
    const std::int64_t offset = reader.varint();
    const std::uint64_t length = reader.uvarint();
    if (offset != static_cast<std::int32_t>(offset) || length != static_cast<std::uint32_t>(length)) {
      return false;
    }
    span = {static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)};
  }
  return reader.ok();
}

bool read_floats(ByteReader& reader, std::vector<double>& values) {
  const std::uint64_t count = reader.uvarint();
  if (count > reader.left() / 8) {
    return false;
  }
  values.resize(count);
  for (double& value : values) {
    value = reader.f64();
  }
  return reader.ok();
}

bool read_counts(ByteReader& reader, bool is_float, std::vector<double>& counts) {
  if (is_float) {
    return read_floats(reader, counts);
  }
  const std::uint64_t count = reader.uvarint();
  if (count > reader.left()) {
    return false;
  }
  counts.resize(count);
  std::int64_t running = 0;
  for (double& absolute : counts) {
    running = wrapping_add(running, reader.varint());
    absolute = static_cast<double>(running);
  }
  return reader.ok();
}

bool side_agrees(const std::vector<HistogramSpan>& spans, const std::vector<double>& counts) noexcept {
  std::uint64_t promised = 0;  // 2^32 spans of 2^32 buckets would not fit in memory
  for (const HistogramSpan& span : spans) {
    promised += span.length;
  }
  return promised == counts.size();
}

}  // namespace

void append_histogram_body(std::string& out, const Histogram& h) {
  append_u8(out, static_cast<std::uint8_t>(h.hint));
  append_varint(out, h.schema);
  append_f64(out, h.zero_threshold);
  if (h.is_float) {
    append_f64(out, h.zero_count);
    append_f64(out, h.count);
  } else {
    append_uvarint(out, whole_count(h.zero_count));
    append_uvarint(out, whole_count(h.count));
  }
  append_f64(out, h.sum);
  append_spans(out, h.positive_spans);
  append_spans(out, h.negative_spans);
  append_counts(out, h.is_float, h.positive_counts);
  append_counts(out, h.is_float, h.negative_counts);
  if (h.schema == kCustomBucketsSchema) {
    append_floats(out, h.custom_values);
  }
}

bool read_histogram_body(ByteReader& reader, bool is_float, Histogram& h) {
  h.is_float = is_float;
  const std::uint8_t hint = reader.u8();
  h.hint = hint <= static_cast<std::uint8_t>(CounterResetHint::kGauge) ? static_cast<CounterResetHint>(hint)
                                                                       : CounterResetHint::kUnknown;
  const std::int64_t schema = reader.varint();
  h.schema = static_cast<std::int32_t>(schema);
  h.zero_threshold = reader.f64();
  h.zero_count = is_float ? reader.f64() : static_cast<double>(reader.uvarint());
  h.count = is_float ? reader.f64() : static_cast<double>(reader.uvarint());
  h.sum = reader.f64();
  h.custom_values.clear();
  return reader.ok() && schema == h.schema && read_spans(reader, h.positive_spans) &&
         read_spans(reader, h.negative_spans) && read_counts(reader, is_float, h.positive_counts) &&
         read_counts(reader, is_float, h.negative_counts) &&
         (h.schema != kCustomBucketsSchema || read_floats(reader, h.custom_values));
}

bool spans_agree(const Histogram& h) noexcept {
  return side_agrees(h.positive_spans, h.positive_counts) && side_agrees(h.negative_spans, h.negative_counts);
}

HistogramRecordReader::HistogramRecordReader(LogRecordType type, std::string_view body) noexcept
    : reader_(body),
      is_float_(type == LogRecordType::kFloatHistograms || type == LogRecordType::kCustomFloatHistograms ||
                type == LogRecordType::kFloatHistogramsV2),
      is_v2_(type == LogRecordType::kHistogramsV2 || type == LogRecordType::kFloatHistogramsV2) {}

bool HistogramRecordReader::next() {
  if (damaged_ || reader_.left() == 0) {
    return false;
  }
  const bool is_first = !begun_;
  if (is_first && !is_v2_) {
    first_ref_ = reader_.be64();
    first_t_ms_ = static_cast<std::int64_t>(reader_.be64());
    if (reader_.ok() && reader_.left() == 0) {
      return false;
    }
  }
  begun_ = true;
  ref_ = (is_v2_ ? ref_ : first_ref_) + static_cast<std::uint64_t>(reader_.varint());
  t_ms_ = wrapping_add(first_t_ms_, reader_.varint());
  if (is_v2_) {
    first_t_ms_ = is_first ? t_ms_ : first_t_ms_;
    start_t_ms_ = start_.read(reader_);
  }
  damaged_ = !read_histogram_body(reader_, is_float_, histogram_);
  return !damaged_;
}

LogRecordType histogram_record_type(const Histogram& histogram) noexcept {
  if (histogram.schema == kCustomBucketsSchema) {
    return histogram.is_float ? LogRecordType::kCustomFloatHistograms : LogRecordType::kCustomHistograms;
  }
  return histogram.is_float ? LogRecordType::kFloatHistograms : LogRecordType::kHistograms;
}

void HistogramRecordWriter::add(std::uint64_t ref, std::int64_t t_ms, const Histogram& histogram) {
  const LogRecordType type = histogram_record_type(histogram);
  if (record_.empty()) {
    begin_record(record_, type);
    append_be64(record_, ref);
    append_be64(record_, static_cast<std::uint64_t>(t_ms));
    first_ref_ = ref;
    first_t_ms_ = t_ms;
  }
  assert(record_[0] == static_cast<char>(type));
  append_varint(record_, static_cast<std::int64_t>(ref - first_ref_));
  append_varint(record_, wrapping_subtract(t_ms, first_t_ms_));
  append_histogram_body(record_, histogram);
}

}  // namespace mcore
