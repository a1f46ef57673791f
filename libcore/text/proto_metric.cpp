// SPDX-License-Identifier: Apache-2.0
#include "text/proto_metric.h"

#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>

#include "base/error.h"
#include "base/utf8.h"

namespace mcore {
namespace {

/// protozero's reader, which only asserts that a field has the type it is asked for: bytes from outside may have any.
class Reader : public protozero::pbf_reader {
 public:
  explicit Reader(std::string_view bytes) : pbf_reader(bytes.data(), bytes.size()) {}

  [[nodiscard]] double number() { return require(protozero::pbf_wire_type::fixed64), get_double(); }
  [[nodiscard]] std::uint64_t whole() { return require(protozero::pbf_wire_type::varint), get_uint64(); }
  [[nodiscard]] std::int64_t zigzag() { return require(protozero::pbf_wire_type::varint), get_sint64(); }
  [[nodiscard]] std::string_view bytes() {
    require(protozero::pbf_wire_type::length_delimited);
    const auto view = get_view();
    return {view.data(), view.size()};
  }
  [[nodiscard]] bool is_packed() const { return wire_type() == protozero::pbf_wire_type::length_delimited; }

 private:
  void require(protozero::pbf_wire_type type) const {
    if (wire_type() != type) {
      throw Error(ErrorKind::kSyntax, "", "", fmt::format("field {} of a message has the wrong type", tag()));
    }
  }
};

Label decode_label(std::string_view message) {
  Label label;
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        label.name = reader.bytes();
        break;
      case 2:
        label.value = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  for (const std::string_view text : {label.name, label.value}) {
    if (!is_valid_utf8(text)) {
      throw Error(ErrorKind::kSyntax, "", "", fmt::format("label text {} is not valid UTF-8", in_quotes(text)));
    }
  }
  return label;
}

std::int64_t decode_timestamp(std::string_view message) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        seconds = static_cast<std::int64_t>(reader.whole());
        break;
      case 2:
        nanos = static_cast<std::int32_t>(reader.whole());
        break;
      default:
        reader.skip();
    }
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) * 1000) + nanos / 1'000'000;
}

HistogramSpan decode_span(std::string_view message) {
  HistogramSpan span;
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        span.offset = static_cast<std::int32_t>(reader.zigzag());
        break;
      case 2:
        span.length = static_cast<std::uint32_t>(reader.whole());
        break;
      default:
        reader.skip();
    }
  }
  return span;
}

/// Counter, Gauge and Untyped: a value in field 1; a counter also an exemplar and its start.
void decode_number(std::string_view message, bool is_counter, ProtoMetric& metric) {
  Reader reader(message);
  while (reader.next()) {
    if (reader.tag() == 1) {
      metric.value = reader.number();
    } else if (is_counter && reader.tag() == 2) {
      metric.exemplar.message = reader.bytes();
    } else if (is_counter && reader.tag() == 3) {
      metric.start_timestamp_ms = decode_timestamp(reader.bytes());
    } else {
      reader.skip();
    }
  }
}

void decode_summary(std::string_view message, ProtoMetric& metric) {
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        metric.count = static_cast<double>(reader.whole());
        break;
      case 2:
        metric.sum = reader.number();
        break;
      case 3: {
        ProtoQuantile& quantile = metric.quantiles.emplace_back();
        Reader inner(reader.bytes());
        while (inner.next()) {
          if (inner.tag() == 1) {
            quantile.quantile = inner.number();
          } else if (inner.tag() == 2) {
            quantile.value = inner.number();
          } else {
            inner.skip();
          }
        }
        break;
      }
      case 4:
        metric.start_timestamp_ms = decode_timestamp(reader.bytes());
        break;
      default:
        reader.skip();
    }
  }
}

ProtoBucket decode_bucket(std::string_view message) {
  ProtoBucket bucket;
  double whole = 0;
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        whole = static_cast<double>(reader.whole());
        break;
      case 2:
        bucket.upper_bound = reader.number();
        break;
      case 3:
        bucket.exemplar.message = reader.bytes();
        break;
      case 4:
        bucket.cumulative_count = reader.number();
        break;
      default:
        reader.skip();
    }
  }
  if (bucket.cumulative_count == 0) {
    bucket.cumulative_count = whole;
  }
  return bucket;
}

/// The fields of a Histogram message while it is read: whole and float counts may both be there.
struct HistogramParts {
  double whole_count = 0;
  double float_count = 0;
  double whole_zero = 0;
  double float_zero = 0;
  std::vector<double> positive_deltas;  // already summed up to absolute counts
  std::vector<double> negative_deltas;
  std::int64_t positive_sum = 0;
  std::int64_t negative_sum = 0;
};

void add_deltas(Reader& reader, std::int64_t& sum, std::vector<double>& counts) {
  const auto add = [&](std::int64_t delta) {
    sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(delta));
    counts.push_back(static_cast<double>(sum));
  };
  if (reader.is_packed()) {
    for (const std::int64_t delta : reader.get_packed_sint64()) {
      add(delta);
    }
  } else {
    add(reader.zigzag());
  }
}

void add_doubles(Reader& reader, std::vector<double>& counts) {
  if (reader.is_packed()) {
    for (const double count : reader.get_packed_double()) {
      counts.push_back(count);
    }
  } else {
    counts.push_back(reader.number());
  }
}

void check_spans(const char* side, const std::vector<HistogramSpan>& spans, std::size_t buckets) {
  std::uint64_t promised = 0;
  for (const HistogramSpan& span : spans) {
    promised += span.length;
  }
  if (promised != buckets) {
    throw Error(ErrorKind::kSyntax, "", "",
                fmt::format("{} side of a native histogram: spans need {} buckets, have {}", side, promised, buckets));
  }
}

void finish_native(HistogramParts& parts, ProtoMetric& metric) {
  Histogram& native = metric.native;
  native.is_float = parts.float_count > 0 || parts.float_zero > 0;
  native.count = native.is_float ? parts.float_count : parts.whole_count;
  native.zero_count = native.is_float ? parts.float_zero : parts.whole_zero;
  native.sum = metric.sum;
  if (!native.is_float) {
    native.positive_counts = std::move(parts.positive_deltas);
    native.negative_counts = std::move(parts.negative_deltas);
  }
  check_spans("positive", native.positive_spans, native.positive_counts.size());
  check_spans("negative", native.negative_spans, native.negative_counts.size());
}

void decode_histogram(std::string_view message, bool is_gauge, bool read_native, ProtoMetric& metric) {
  HistogramParts parts;
  Histogram& native = metric.native;
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        parts.whole_count = static_cast<double>(reader.whole());
        break;
      case 2:
        metric.sum = reader.number();
        break;
      case 3:
        metric.buckets.push_back(decode_bucket(reader.bytes()));
        break;
      case 4:
        parts.float_count = reader.number();
        break;
      case 5:
        native.schema = static_cast<std::int32_t>(reader.zigzag());
        break;
      case 6:
        native.zero_threshold = reader.number();
        break;
      case 7:
        parts.whole_zero = static_cast<double>(reader.whole());
        break;
      case 8:
        parts.float_zero = reader.number();
        break;
      case 9:
        native.negative_spans.push_back(decode_span(reader.bytes()));
        break;
      case 10:
        add_deltas(reader, parts.negative_sum, parts.negative_deltas);
        break;
      case 11:
        add_doubles(reader, native.negative_counts);
        break;
      case 12:
        native.positive_spans.push_back(decode_span(reader.bytes()));
        break;
      case 13:
        add_deltas(reader, parts.positive_sum, parts.positive_deltas);
        break;
      case 14:
        add_doubles(reader, native.positive_counts);
        break;
      case 15:
        metric.start_timestamp_ms = decode_timestamp(reader.bytes());
        break;
      case 16:
        metric.histogram_exemplars.push_back({reader.bytes()});
        break;
      default:
        reader.skip();
    }
  }
  metric.count = parts.float_count != 0 ? parts.float_count : parts.whole_count;
  // Spans, or a zero bucket, make a histogram native; a library without observations yet sends an empty span.
  metric.is_native = read_native && (!native.positive_spans.empty() || !native.negative_spans.empty() ||
                                     native.zero_threshold > 0 || parts.whole_zero > 0);
  if (metric.is_native) {
    finish_native(parts, metric);
    native.hint = is_gauge ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
    compact_histogram(native, 0);
  }
}

}  // namespace

void ProtoMetric::clear() {
  labels.clear();
  timestamp_ms.reset();
  start_timestamp_ms.reset();
  value = 0;
  exemplar = {};
  count = 0;
  sum = 0;
  quantiles.clear();
  buckets.clear();
  histogram_exemplars.clear();
  native = {};
  is_native = false;
}

void decode_proto_metric(std::string_view message, ProtoType type, bool read_native, ProtoMetric& metric) {
  metric.clear();
  const bool is_histogram = type == ProtoType::kHistogram || type == ProtoType::kGaugeHistogram;
  Reader reader(message);
  while (reader.next()) {
    const auto tag = reader.tag();
    if (tag == 1) {
      metric.labels.push_back(decode_label(reader.bytes()));
    } else if (tag == 6) {
      const std::int64_t ms = static_cast<std::int64_t>(reader.whole());
      metric.timestamp_ms = ms == 0 ? std::nullopt : std::optional(ms);  // the message cannot tell 0 from absent
    } else if ((tag == 2 && type == ProtoType::kGauge) || (tag == 5 && type == ProtoType::kUntyped)) {
      decode_number(reader.bytes(), false, metric);
    } else if (tag == 3 && type == ProtoType::kCounter) {
      decode_number(reader.bytes(), true, metric);
    } else if (tag == 4 && type == ProtoType::kSummary) {
      decode_summary(reader.bytes(), metric);
    } else if (tag == 7 && is_histogram) {
      decode_histogram(reader.bytes(), type == ProtoType::kGaugeHistogram, read_native, metric);
    } else {
      reader.skip();
    }
  }
}

void decode_proto_exemplar(std::string_view message, ProtoExemplarParts& parts) {
  parts.labels.clear();
  parts.value = 0;
  parts.timestamp_ms.reset();
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        parts.labels.push_back(decode_label(reader.bytes()));
        break;
      case 2:
        parts.value = reader.number();
        break;
      case 3:
        parts.timestamp_ms = decode_timestamp(reader.bytes());
        break;
      default:
        reader.skip();
    }
  }
}

void decode_proto_family(std::string_view message, ProtoFamily& family) {
  family.name = family.help = family.unit = {};
  family.type = 0;
  family.metrics.clear();
  Reader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        family.name = reader.bytes();
        break;
      case 2:
        family.help = reader.bytes();
        break;
      case 3:
        family.type = static_cast<std::int32_t>(reader.whole());
        break;
      case 4:
        family.metrics.push_back(reader.bytes());
        break;
      case 5:
        family.unit = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
}

}  // namespace mcore
