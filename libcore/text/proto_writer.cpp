// SPDX-License-Identifier: Apache-2.0
#include "text/proto_writer.h"

#include <algorithm>
#include <iterator>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>

#include "base/number_text.h"
#include "text/proto_metric.h"

namespace mcore {
namespace {

using Writer = protozero::pbf_writer;

ProtoType proto_type(MetricType type) noexcept {
  switch (type) {
    case MetricType::kCounter:
      return ProtoType::kCounter;
    case MetricType::kGauge:
    case MetricType::kInfo:
    case MetricType::kStateset:
      return ProtoType::kGauge;
    case MetricType::kSummary:
      return ProtoType::kSummary;
    case MetricType::kHistogram:
      return ProtoType::kHistogram;
    case MetricType::kGaugeHistogram:
      return ProtoType::kGaugeHistogram;
    case MetricType::kUnknown:
      break;
  }
  return ProtoType::kUntyped;
}

bool has_groups(MetricType type) noexcept {
  return type == MetricType::kHistogram || type == MetricType::kGaugeHistogram || type == MetricType::kSummary;
}

void put_string(Writer& writer, protozero::pbf_tag_type tag, std::string_view text) {
  writer.add_bytes(tag, text.data(), text.size());
}

void put_labels(Writer& writer, LabelsView labels) {
  for (const Label& label : labels) {
    if (label.name != kNameLabel) {
      Writer pair(writer, 1);
      put_string(pair, 1, label.name);
      put_string(pair, 2, label.value);
    }
  }
}

void put_time(Writer& writer, protozero::pbf_tag_type tag, std::int64_t ms) {
  Writer time(writer, tag);
  const std::int64_t seconds = ms >= 0 ? ms / 1000 : -((999 - ms) / 1000);
  time.add_int64(1, seconds);
  time.add_int32(2, static_cast<std::int32_t>((ms - seconds * 1000) * 1'000'000));
}

void put_exemplar(Writer& writer, protozero::pbf_tag_type tag, const Exemplar& exemplar) {
  Writer message(writer, tag);
  put_labels(message, exemplar.labels.view());
  message.add_double(2, exemplar.value);
  if (exemplar.timestamp_ms) {
    put_time(message, 3, *exemplar.timestamp_ms);
  }
}

void put_count(Writer& writer, protozero::pbf_tag_type whole, protozero::pbf_tag_type fraction, double count) {
  const bool is_whole = count >= 0 && count < 1.8e19 && count == static_cast<double>(static_cast<std::uint64_t>(count));
  if (is_whole) {
    writer.add_uint64(whole, static_cast<std::uint64_t>(count));
  } else {
    writer.add_double(fraction, count);
  }
}

/// One side of a native histogram: spans, then deltas of whole counts, or the float counts.
void put_side(Writer& writer, protozero::pbf_tag_type spans_tag, const std::vector<HistogramSpan>& spans,
              const std::vector<double>& counts, bool is_float) {
  for (const HistogramSpan& span : spans) {
    Writer message(writer, spans_tag);
    message.add_sint32(1, span.offset);
    message.add_uint32(2, span.length);
  }
  std::int64_t before = 0;
  for (const double count : counts) {
    if (is_float) {
      writer.add_double(spans_tag + 2, count);
    } else {
      const auto whole = static_cast<std::int64_t>(count);
      writer.add_sint64(spans_tag + 1, whole - before);
      before = whole;
    }
  }
}

void put_native(Writer& writer, const Histogram& h) {
  if (h.is_float) {
    writer.add_double(4, h.count);
    writer.add_double(8, h.zero_count);
  } else {
    writer.add_uint64(1, static_cast<std::uint64_t>(h.count));
    writer.add_uint64(7, static_cast<std::uint64_t>(h.zero_count));
  }
  writer.add_double(2, h.sum);
  writer.add_sint32(5, h.schema);
  writer.add_double(6, h.zero_threshold);
  put_side(writer, 9, h.negative_spans, h.negative_counts, h.is_float);
  put_side(writer, 12, h.positive_spans, h.positive_counts, h.is_float);
  if (h.positive_spans.empty() && h.negative_spans.empty()) {
    put_side(writer, 12, {{0, 0}}, {}, h.is_float);  // says that it is a native one, though it has no bucket yet
  }
}

}  // namespace

void ProtoWriter::family(const FamilyMetadata& metadata) {
  if (metadata.name == announced_.name && metadata.type == announced_.type) {
    return;
  }
  announced_name_ = metadata.name;
  announced_help_ = metadata.help;
  announced_unit_ = metadata.unit;
  announced_ = metadata;
  announced_.name = announced_name_;
}

ProtoWriter::Role ProtoWriter::role_of(std::string_view metric, LabelsView labels) const {
  if (!has_groups(announced_.type) || !metric.starts_with(announced_.name)) {
    return Role::kNone;
  }
  const std::string_view suffix = metric.substr(announced_.name.size());
  if (suffix == "_sum" || suffix == "_gsum") {
    return Role::kSum;
  }
  if (suffix == "_count" || suffix == "_gcount") {
    return Role::kCount;
  }
  const bool is_summary = announced_.type == MetricType::kSummary;
  const std::string_view bound = labels.get(is_summary ? "quantile" : "le");
  double number = 0;
  const bool is_part = suffix == (is_summary ? "" : "_bucket") && parse_float(bound, number) == FloatStatus::kOk;
  return is_part ? Role::kPart : Role::kNone;
}

void ProtoWriter::sample(const ExpositionSample& sample) {
  const std::string_view metric = sample.labels.get(kNameLabel);
  losses_.stale_markers += sample.histogram == nullptr && is_stale_marker(sample.value) ? 1 : 0;
  if (sample.histogram != nullptr) {
    const bool is_gauge = sample.histogram->hint == CounterResetHint::kGauge;
    open_family(metric, is_gauge ? MetricType::kGaugeHistogram : MetricType::kHistogram, metric == announced_.name);
    add_histogram(sample);
    return;
  }
  if (const Role role = role_of(metric, sample.labels); role != Role::kNone) {
    open_family(announced_.name, announced_.type, true);
    add_to_group(sample, role);
    return;
  }
  // A counter's message has the name of its samples, `_total` included.
  const bool is_own = metric == announced_.name && !has_groups(announced_.type);
  const bool is_total = announced_.type == MetricType::kCounter && metric.ends_with("_total") &&
                        metric.substr(0, metric.size() - 6) == announced_.name;
  const bool is_info = announced_.type == MetricType::kInfo && metric.ends_with("_info") &&
                       metric.substr(0, metric.size() - 5) == announced_.name;
  const bool known = is_own || is_total || is_info;
  open_family(metric, known ? announced_.type : MetricType::kUnknown, known);
  add_number(sample);
}

void ProtoWriter::open_family(std::string_view name, MetricType type, bool announced) {
  if (open_name_ == name && open_type_ == type) {
    return;
  }
  flush_family();
  open_name_ = name;
  open_type_ = type;
  open_help_ = announced ? announced_help_ : "";
  open_unit_ = announced ? announced_unit_ : "";
}

void ProtoWriter::add_number(const ExpositionSample& sample) {
  Writer family(metrics_);
  Writer metric(family, 4);
  put_labels(metric, sample.labels);
  const ProtoType type = proto_type(open_type_);
  const protozero::pbf_tag_type tag = type == ProtoType::kCounter ? 3 : type == ProtoType::kGauge ? 2 : 5;
  {
    Writer number(metric, tag);
    number.add_double(1, sample.value);
    const bool is_counter = type == ProtoType::kCounter;
    losses_.exemplars += sample.exemplars.size() - (is_counter && !sample.exemplars.empty() ? 1 : 0);
    losses_.start_timestamps += !is_counter && sample.start_timestamp_ms ? 1 : 0;
    if (is_counter && !sample.exemplars.empty()) {
      put_exemplar(number, 2, sample.exemplars.back());
    }
    if (is_counter && sample.start_timestamp_ms) {
      put_time(number, 3, *sample.start_timestamp_ms);
    }
  }
  if (sample.timestamp_ms) {
    metric.add_int64(6, *sample.timestamp_ms);
  }
}

void ProtoWriter::add_histogram(const ExpositionSample& sample) {
  if (sample.histogram->schema == kCustomBucketsSchema) {
    ++losses_.native_histograms;  // the message has no place for custom bounds
    return;
  }
  Writer family(metrics_);
  Writer metric(family, 4);
  put_labels(metric, sample.labels);
  {
    Writer histogram(metric, 7);
    put_native(histogram, *sample.histogram);
    if (sample.start_timestamp_ms) {
      put_time(histogram, 15, *sample.start_timestamp_ms);
    }
    for (const Exemplar& exemplar : sample.exemplars) {
      put_exemplar(histogram, 16, exemplar);
    }
  }
  if (sample.timestamp_ms) {
    metric.add_int64(6, *sample.timestamp_ms);
  }
}

void ProtoWriter::add_to_group(const ExpositionSample& sample, Role role) {
  const bool is_summary = announced_.type == MetricType::kSummary;
  const std::string_view magic = is_summary ? "quantile" : "le";
  builder_.clear();
  for (const Label& label : sample.labels) {
    if (label.name != kNameLabel && (role != Role::kPart || label.name != magic)) {
      builder_.add(label.name, label.value);
    }
  }
  const LabelsView labels = builder_.build();
  if (!group_.open || group_.labels != labels.bytes() || group_.timestamp_ms != sample.timestamp_ms) {
    flush_group();
    group_.open = true;
    group_.labels = labels.bytes();
    group_.timestamp_ms = sample.timestamp_ms;
  }
  if (sample.start_timestamp_ms) {
    group_.start_timestamp_ms = sample.start_timestamp_ms;
  }
  if (role == Role::kSum || role == Role::kCount) {
    (role == Role::kSum ? group_.sum : group_.count) = sample.value;
    losses_.exemplars += sample.exemplars.size();
    return;
  }
  double bound = 0;
  (void)parse_float(sample.labels.get(magic), bound);  // role_of() has read it
  Writer parts(group_.parts);
  Writer part(parts, 3);
  if (is_summary) {
    part.add_double(1, bound);
    part.add_double(2, sample.value);
    losses_.exemplars += sample.exemplars.size();
    return;
  }
  put_count(part, 1, 4, sample.value);
  part.add_double(2, bound);
  if (!sample.exemplars.empty()) {
    put_exemplar(part, 3, sample.exemplars.back());
    losses_.exemplars += sample.exemplars.size() - 1;
  }
}

void ProtoWriter::flush_group() {
  if (!group_.open) {
    return;
  }
  const bool is_summary = open_type_ == MetricType::kSummary;
  std::string body;
  {
    Writer message(body);
    if (is_summary) {
      message.add_uint64(1, static_cast<std::uint64_t>(std::max(group_.count, 0.0)));
    } else {
      put_count(message, 1, 4, group_.count);
    }
    message.add_double(2, group_.sum);
    if (group_.start_timestamp_ms) {
      put_time(message, is_summary ? 4 : 15, *group_.start_timestamp_ms);
    }
  }
  body += group_.parts;
  Writer family(metrics_);
  Writer metric(family, 4);
  put_labels(metric, LabelsView(group_.labels));
  put_string(metric, is_summary ? 4 : 7, body);
  if (group_.timestamp_ms) {
    metric.add_int64(6, *group_.timestamp_ms);
  }
  group_ = {};
}

void ProtoWriter::flush_family() {
  flush_group();
  if (!metrics_.empty()) {
    std::string message;
    {
      Writer family(message);
      put_string(family, 1, open_name_);
      if (!open_help_.empty()) {
        put_string(family, 2, open_help_);
      }
      family.add_enum(3, static_cast<std::int32_t>(proto_type(open_type_)));
    }
    message += metrics_;
    if (!open_unit_.empty()) {
      Writer family(message);
      put_string(family, 5, open_unit_);
    }
    protozero::write_varint(std::back_inserter(output_), message.size());
    output_ += message;
    metrics_.clear();
  }
  open_name_.clear();
}

}  // namespace mcore
