// SPDX-License-Identifier: Apache-2.0
#include "text/proto_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <limits>
#include <protozero/varint.hpp>

#include "base/error.h"
#include "base/number_text.h"
#include "base/utf8.h"

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::size_t kCountRow = 0;
constexpr std::size_t kSumRow = 1;
constexpr std::size_t kFirstPartRow = 2;  // buckets or quantiles

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::kSyntax, "", "", why);
}

}  // namespace

ProtoReader::ProtoReader(std::string_view body, const ExpositionReaderOptions& options)
    : body_(body), options_(options) {}

bool ProtoReader::is_histogram() const noexcept {
  return type_ == ProtoType::kHistogram || type_ == ProtoType::kGaugeHistogram;
}

MetricType ProtoReader::type() const {
  switch (type_) {
    case ProtoType::kCounter:
      return MetricType::kCounter;
    case ProtoType::kGauge:
      return MetricType::kGauge;
    case ProtoType::kSummary:
      return MetricType::kSummary;
    case ProtoType::kHistogram:
      return MetricType::kHistogram;
    case ProtoType::kGaugeHistogram:
      return MetricType::kGaugeHistogram;
    case ProtoType::kUntyped:
      break;
  }
  return MetricType::kUnknown;
}

ExpositionEntry ProtoReader::next() {
  if (failed_) {
    return ExpositionEntry::kError;
  }
  try {
    switch (step_) {
      case Step::kHelp:
        step_ = family_.unit.empty() ? Step::kType : Step::kUnit;
        return ExpositionEntry::kHelp;
      case Step::kUnit:
        step_ = Step::kType;
        return ExpositionEntry::kUnit;
      case Step::kType:
        step_ = Step::kMetric;
        return ExpositionEntry::kType;
      case Step::kRows:
        if (row_ < row_count()) {
          return row();
        }
        step_ = Step::kNhcb;
        [[fallthrough]];
      case Step::kNhcb:
        step_ = Step::kMetric;
        if (convert()) {
          return ExpositionEntry::kHistogram;
        }
        break;
      case Step::kNative:
        step_ = Step::kMetric;
        if (options_.keep_classic_histograms && !metric_.buckets.empty()) {
          row_ = 0;
          step_ = Step::kRows;
          return row();
        }
        break;
      case Step::kMetric:
        break;
    }
    if (metric_index_ == family_.metrics.size()) {
      if (!next_family()) {
        return ExpositionEntry::kEnd;
      }
      step_ = Step::kHelp;
      return next();
    }
    return first_of_metric();
  } catch (const std::exception& error) {  // protozero's, or ours: bytes that are no exposition
    failed_ = true;
    error_.offset = at_;
    const auto* const ours = dynamic_cast<const Error*>(&error);
    error_.reason = ours != nullptr ? ours->why() : fmt::format("damaged message: {}", error.what());
    return ExpositionEntry::kError;
  }
}

bool ProtoReader::next_family() {
  do {
    if (at_ == body_.size()) {
      return false;
    }
    family_at_ = at_;
    const char* p = body_.data() + at_;
    const char* const end = body_.data() + body_.size();
    const std::uint64_t length = protozero::decode_varint(&p, end);
    if (length > static_cast<std::uint64_t>(end - p)) {
      refuse(fmt::format("a message of {} bytes is cut off after {}", length, end - p));
    }
    decode_proto_family({p, static_cast<std::size_t>(length)}, family_);
    at_ = static_cast<std::size_t>(p - body_.data()) + static_cast<std::size_t>(length);
    metric_index_ = 0;
  } while (family_.metrics.empty());
  if (family_.type < 0 || family_.type > static_cast<std::int32_t>(ProtoType::kGaugeHistogram)) {
    refuse(fmt::format("unknown metric type {} of {}", family_.type, in_quotes(family_.name)));
  }
  type_ = static_cast<ProtoType>(family_.type);
  if (family_.name.empty() || !is_valid_utf8(family_.name)) {
    refuse(fmt::format("invalid metric name {}", in_quotes(family_.name)));
  }
  if (!is_valid_utf8(family_.help)) {
    refuse(fmt::format("help text of {} is not valid UTF-8", in_quotes(family_.name)));
  }
  return true;
}

ExpositionEntry ProtoReader::first_of_metric() {
  decode_proto_metric(family_.metrics[metric_index_++], type_, !options_.ignore_native_histograms, metric_);
  exemplar_ = 0;
  if (type_ != ProtoType::kSummary && !is_histogram()) {
    return number();
  }
  row_ = 0;
  if (metric_.is_native) {
    histogram_ = metric_.native;
    at_histogram_ = true;
    magic_name_ = {};
    name_series("");
    step_ = Step::kNative;
    return ExpositionEntry::kHistogram;
  }
  step_ = Step::kRows;
  if (is_histogram() && options_.convert_classic_to_nhcb && !options_.keep_classic_histograms) {
    row_ = row_count();
    return next();
  }
  return row();
}

ExpositionEntry ProtoReader::number() {
  value_ = metric_.value;
  at_histogram_ = false;
  magic_name_ = {};
  name_series("");
  return ExpositionEntry::kSample;
}

/// `_count`, `_sum`, then the quantiles or the buckets, with one for +Inf whether the message has it or not.
std::size_t ProtoReader::row_count() const noexcept {
  if (!is_histogram()) {
    return kFirstPartRow + metric_.quantiles.size();
  }
  const bool has_inf = !metric_.buckets.empty() && metric_.buckets.back().upper_bound == kInf;
  return kFirstPartRow + metric_.buckets.size() + (has_inf ? 0 : 1);
}

ExpositionEntry ProtoReader::row() {
  at_histogram_ = false;
  exemplar_ = 0;
  magic_name_ = {};
  const std::size_t row = row_++;
  if (row == kCountRow || row == kSumRow) {
    value_ = row == kCountRow ? metric_.count : metric_.sum;
    name_series(row == kCountRow ? "_count" : "_sum");
    return ExpositionEntry::kSample;
  }
  const std::size_t part = row - kFirstPartRow;
  double magic = kInf;
  if (!is_histogram()) {
    magic = metric_.quantiles[part].quantile;
    value_ = metric_.quantiles[part].value;
  } else if (part < metric_.buckets.size()) {
    magic = metric_.buckets[part].upper_bound;
    value_ = metric_.buckets[part].cumulative_count;
  } else {
    value_ = metric_.count;
  }
  magic_name_ = is_histogram() ? "le" : "quantile";
  char text[kFloatTextSize];
  magic_value_.assign(text, write_float(text, magic));
  if (std::isfinite(magic) && magic_value_.find_first_of("e.") == std::string::npos) {
    magic_value_ += ".0";
  }
  name_series(is_histogram() ? "_bucket" : "");
  return ExpositionEntry::kSample;
}

bool ProtoReader::convert() {
  if (!is_histogram() || metric_.is_native || !options_.convert_classic_to_nhcb) {
    return false;
  }
  converter_.clear();
  converter_.set_count(metric_.count);
  converter_.set_sum(metric_.sum);
  for (const ProtoBucket& bucket : metric_.buckets) {
    converter_.set_bucket(bucket.upper_bound, bucket.cumulative_count);
  }
  std::optional<Histogram> converted = converter_.convert();
  if (!converted) {
    refuse(fmt::format("the buckets of {} make no histogram", in_quotes(family_.name)));
  }
  histogram_ = std::move(*converted);
  histogram_.hint = type_ == ProtoType::kGaugeHistogram ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
  at_histogram_ = true;
  exemplar_ = 0;
  magic_name_ = {};
  name_series("");
  return true;
}

void ProtoReader::name_series(std::string_view suffix) {
  metric_name_.assign(family_.name);
  metric_name_ += suffix;
  series_ = metric_name_;
  const auto add = [this](std::string_view name, std::string_view value) {
    series_ += '\xff';
    series_ += name;
    series_ += '\xff';
    series_ += value;
  };
  for (const Label& label : metric_.labels) {
    add(label.name, label.value);
  }
  if (!magic_name_.empty()) {
    add(magic_name_, magic_value_);
  }
}

void ProtoReader::labels(LabelBuilder& out) {
  out.add(kNameLabel, metric_name_);
  for (const Label& label : metric_.labels) {
    out.add(label.name, label.value);
  }
  if (!magic_name_.empty()) {
    out.add(magic_name_, magic_value_);
  }
}

bool ProtoReader::next_exemplar(Exemplar& out) {
  for (;;) {
    const std::size_t index = exemplar_++;
    std::string_view message;
    if (at_histogram_) {
      const bool own = !metric_.histogram_exemplars.empty();
      if (index >= (own ? metric_.histogram_exemplars.size() : metric_.buckets.size())) {
        return false;
      }
      message = own ? metric_.histogram_exemplars[index].message : metric_.buckets[index].exemplar.message;
    } else if (index > 0) {
      return false;
    } else if (!is_histogram()) {
      message = metric_.exemplar.message;
    } else if (row_ > kFirstPartRow && row_ - kFirstPartRow <= metric_.buckets.size()) {
      message = metric_.buckets[row_ - kFirstPartRow - 1].exemplar.message;
    }
    if (message.empty()) {
      if (at_histogram_) {
        continue;
      }
      return false;
    }
    try {
      decode_proto_exemplar(message, parts_);
    } catch (const std::exception&) {
      continue;  // a damaged exemplar is no reason to lose its sample
    }
    if (at_histogram_ && !parts_.timestamp_ms) {
      continue;  // without a time those of a native histogram cannot be told from one another
    }
    LabelBuilder builder;
    for (const Label& label : parts_.labels) {
      builder.add(label.name, label.value);
    }
    out.labels = LabelSet(builder.build());
    out.value = parts_.value;
    out.timestamp_ms = parts_.timestamp_ms;
    return true;
  }
}

}  // namespace mcore
