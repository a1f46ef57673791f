// SPDX-License-Identifier: Apache-2.0
//
// Prometheus has three writers of JSON at work in one answer: labels go out with few escapes, a string answer with
// encoding/json's and its HTML escaping, and a scalar is the one value that never gets an exponent.
#include "render/query_json.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "base/decimal_text.h"
#include "base/utf8.h"
#include "model/histogram_buckets.h"
#include "render/json_text.h"
#include "render/time_column.h"

namespace mcore {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kTimeTextSize = 32;
constexpr std::size_t kBatch = 128;  // samples for which room is made at once

void append_escaped(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"':
    case '\\':
      out += '\\';
      out += static_cast<char>(byte);
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
  }
}

void append_label_text(std::string& out, std::string_view text) {
  out += '"';
  std::size_t kept = 0;  // from here on nothing was written yet
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t size = byte < 0x80 ? 1 : utf8_length(text.substr(i));
    if (size == 0 || byte < 0x20 || byte == '"' || byte == '\\') {
      out += text.substr(kept, i - kept);
      if (size == 0) {
        out += "\\ufffd";
      } else {
        append_escaped(out, byte);
      }
      kept = i + 1;
    }
    i += size == 0 ? 1 : size;
  }
  out += text.substr(kept);
  out += '"';
}

void append_metric(std::string& out, LabelsView labels) {
  out += "{\"metric\":{";
  std::string_view separator;
  for (const Label& label : labels) {
    out += separator;
    append_label_text(out, label.name);
    out += ':';
    append_label_text(out, label.value);
    separator = ",";
  }
  out += '}';
}

/// encoding/json's escapes of <, > and &, which append_json_string() leaves.
void append_string_value(std::string& out, std::string_view text) {
  std::string plain;
  append_json_string(plain, text);
  for (const char c : plain) {
    if (c == '<' || c == '>' || c == '&') {
      append_escaped(out, static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

/// Seconds, with the milliseconds behind a point where there are some.
char* write_seconds(char* out, std::int64_t t_ms) noexcept {
  const bool negative = t_ms < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(t_ms) : static_cast<std::uint64_t>(t_ms);
  if (negative) {
    *out++ = '-';
  }
  out = std::to_chars(out, out + kTimeTextSize, size / 1000).ptr;
  if (const auto ms = static_cast<unsigned>(size % 1000); ms != 0) {
    *out++ = '.';
    *out++ = static_cast<char>('0' + ms / 100);
    *out++ = static_cast<char>('0' + ms / 10 % 10);
    *out++ = static_cast<char>('0' + ms % 10);
  }
  return out;
}

void append_seconds(std::string& out, std::int64_t t_ms) {
  char text[kTimeTextSize];
  out.append(text, write_seconds(text, t_ms));
}

/// The time of a scalar or a string is a double divided by 1000, which shows from the year 287396 on.
void append_divided_seconds(std::string& out, std::int64_t t_ms) {
  char text[kDecimalTextSize];
  out.append(text, write_decimal(text, static_cast<double>(t_ms) / 1000));
}

void append_quoted_float(std::string& out, double value) {
  char text[kApiFloatTextSize];
  out += '"';
  out.append(text, write_api_float(text, value));
  out += '"';
}

void append_bucket(std::string& out, const HistogramBucket& bucket) {
  out += '[';
  out += static_cast<char>('0' + bucket.boundary_rule());
  for (const double number : {bucket.lower, bucket.upper, bucket.count}) {
    out += ',';
    append_quoted_float(out, number);
  }
  out += ']';
}

void append_histogram(std::string& out, const Histogram& histogram) {
  out += "{\"count\":";
  append_quoted_float(out, histogram.count);
  out += ",\"sum\":";
  append_quoted_float(out, histogram.sum);
  std::string_view separator = ",\"buckets\":[";
  for (HistogramWalk walk(histogram); walk.next();) {
    if (walk.bucket().count != 0) {
      out += separator;
      append_bucket(out, walk.bucket());
      separator = ",";
    }
  }
  out += separator == "," ? "]}" : "}";
}

/// A sample up to its value: `[1704088800.5,`.
std::string opening(std::int64_t t_ms) {
  std::string out = "[";
  append_seconds(out, t_ms);
  return out + ',';
}

/// The way out: collects, and hands on when there is enough.
class Output {
 public:
  explicit Output(const TextSink& sink) : sink_(sink) {}
  [[nodiscard]] std::string& text() noexcept { return text_; }
  void pass_on_if_full() {
    if (text_.size() - kept_ >= kSinkBytes) {
      pass_on();
    }
  }
  void pass_on() {
    sink_(text_);
    kept_ = text_.size();  // a sink may let it grow
  }

 private:
  const TextSink& sink_;
  std::string text_;
  std::size_t kept_ = 0;
};

/// Writes float samples through a pointer, many for one look at the room.
void put_floats(Output& output, const SeriesSamples& samples, TimeColumn& times) {
  std::string& out = output.text();
  times.rewind();
  for (std::size_t i = 0; i < samples.t_ms.size();) {
    const std::size_t end = std::min(samples.t_ms.size(), i + kBatch);
    const std::size_t before = out.size();
    out.resize(before + (end - i) * (kTimeTextSize + kApiFloatTextSize + 8));
    char* at = out.data() + before;
    for (; i < end; ++i) {
      if (i > 0) {
        *at++ = ',';
      }
      const std::string_view time = times.at(samples.t_ms[i]);
      std::memcpy(at, time.data(), time.size());
      at += time.size();
      *at++ = '"';
      at = write_api_float(at, samples.value[i]);
      *at++ = '"';
      *at++ = ']';
    }
    out.resize(static_cast<std::size_t>(at - out.data()));
    output.pass_on_if_full();
  }
}

void put_histograms(Output& output, const SeriesSamples& samples, TimeColumn& times) {
  times.rewind();
  for (std::size_t i = 0; i < samples.histogram.size(); ++i) {
    std::string& out = output.text();
    out += i > 0 ? "," : "";
    out += times.at(samples.histogram_t_ms[i]);
    append_histogram(out, samples.histogram[i]);
    out += ']';
    output.pass_on_if_full();
  }
}

/// One element of the result of an instant query.
void put_sample(std::string& out, const QuerySeries& series, TimeColumn& times) {
  append_metric(out, series.labels.view());
  const SeriesSamples& samples = series.samples;
  if (!samples.histogram.empty()) {
    out += ",\"histogram\":";
    out += times.at(samples.histogram_t_ms[0]);
    append_histogram(out, samples.histogram[0]);
    out += "]}";
  } else if (!samples.value.empty()) {
    out += ",\"value\":";
    out += times.at(samples.t_ms[0]);
    append_quoted_float(out, samples.value[0]);
    out += "]}";
  } else {
    out += '}';
  }
}

/// One element of the result of a range query.
void put_series(Output& output, const QuerySeries& series, TimeColumn& times) {
  append_metric(output.text(), series.labels.view());
  if (!series.samples.value.empty()) {
    output.text() += ",\"values\":[";
    put_floats(output, series.samples, times);
    output.text() += ']';
  }
  if (!series.samples.histogram.empty()) {
    output.text() += ",\"histograms\":[";
    put_histograms(output, series.samples, times);
    output.text() += ']';
  }
  output.text() += '}';
}

void put_all_series(Output& output, const QueryValue& value, std::string_view separator) {
  TimeColumn times(value.series, opening);
  for (const QuerySeries& series : value.series) {
    output.text() += &series == value.series.data() ? std::string_view() : separator;
    if (value.type == ValueType::kMatrix) {
      put_series(output, series, times);
    } else {
      times.rewind();
      put_sample(output.text(), series, times);
    }
    output.pass_on_if_full();
  }
}

/// The pair of a scalar or a string.
void append_single(std::string& out, const QueryValue& value) {
  out += '[';
  append_divided_seconds(out, value.t_ms);
  out += ',';
  if (value.type == ValueType::kString) {
    append_string_value(out, value.string);
  } else {
    out += '"' + decimal_text(value.scalar) + '"';
  }
  out += ']';
}

[[nodiscard]] bool is_single(const QueryValue& value) noexcept {
  return value.type == ValueType::kScalar || value.type == ValueType::kString;
}

}  // namespace

void write_query_json(const QueryValue& value, const TextSink& sink) {
  Output output(sink);
  output.text() += "{\"resultType\":\"";
  output.text() += value_type_text(value.type);
  output.text() += "\",\"result\":";
  if (is_single(value)) {
    append_single(output.text(), value);
  } else {
    output.text() += '[';
    put_all_series(output, value, ",");
    output.text() += ']';
  }
  output.text() += '}';
  output.pass_on();
}

std::string query_json(const QueryValue& value) {
  std::string whole;
  write_query_json(value, [&whole](std::string& text) {
    whole += text;
    text.clear();
  });
  return whole;
}

void write_query_jsonl(const QueryValue& value, const TextSink& sink) {
  Output output(sink);
  if (is_single(value)) {
    output.text() += "{\"metric\":{},\"value\":";
    append_single(output.text(), value);
    output.text() += "}\n";
  } else {
    put_all_series(output, value, "\n");
    output.text() += value.series.empty() ? "" : "\n";
  }
  output.pass_on();
}

}  // namespace mcore
