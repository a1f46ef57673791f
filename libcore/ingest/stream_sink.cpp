// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_sink.h"

#include <fmt/format.h>

#include <utility>

#include "base/utf8.h"

namespace mcore {

std::string StreamFault::text() const {
  if (line == 0) {
    return fmt::format("byte {}: {}", offset, reason);
  }
  return column == 0 ? fmt::format("{}: {}", line, reason) : fmt::format("{}:{}: {}", line, column, reason);
}

void StreamSink::start_batch(SampleBatch& batch) {
  batch.clear();
  batch_ = &batch;
  label_bytes_ = 0;
  families_.start_batch();
}

bool StreamSink::check(LabelsView labels, const LabelBuilder& builder, bool plain_names) {
  if (builder.has_duplicate_name()) {
    refusal_ = fmt::format("label name {} is not unique in {}", in_quotes(builder.duplicate_name()),
                           in_quotes(labels.get(kNameLabel)));
    return false;
  }
  if (plain_names) {
    return true;
  }
  bool has_metric = false;
  for (const Label& label : labels) {
    if (label.name.empty() || !is_valid_utf8(label.name)) {
      refusal_ = fmt::format("{} is no label name", in_quotes(label.name));
      return false;
    }
    if (label.name == kNameLabel) {
      has_metric = true;
      if (!is_valid_utf8(label.value)) {  // it may have come quoted, as a name
        refusal_ = fmt::format("{} is no metric name", in_quotes(label.value));
        return false;
      }
    }
  }
  if (!has_metric) {
    refusal_ = "the sample has no metric name";
    return false;
  }
  return true;
}

BatchSample* StreamSink::add(LabelBuilder& builder, std::uint32_t family, double value,
                             std::optional<std::int64_t> t_ms, bool plain_names) {
  const LabelsView labels = builder.build();
  return check(labels, builder, plain_names) ? &add_checked(labels, labels.hash(), family, value, t_ms) : nullptr;
}

BatchSample& StreamSink::add_checked(LabelsView labels, std::uint64_t hash, std::uint32_t family, double value,
                                     std::optional<std::int64_t> t_ms) {
  const std::uint32_t in_batch = families_.attach(family, *batch_);
  BatchSample& sample = batch_->add(labels);
  label_bytes_ += labels.bytes().size();
  sample.labels_hash = hash;
  sample.value = value;
  sample.t_ms = t_ms.value_or(reading_time_ms_);
  sample.family = in_batch;
  return sample;
}

void StreamSink::fault(std::string reason, std::size_t ahead) {
  ++faults;
  if (report_) {
    report_({.line = 0, .column = 0, .offset = bytes + ahead, .reason = std::move(reason)});
  }
}

void StreamSink::line_fault(std::string reason, std::size_t column) {
  ++faults;
  if (report_) {
    report_({.line = lines + 1, .column = column, .offset = bytes, .reason = std::move(reason)});
  }
}

}  // namespace mcore
