// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "text/exposition_writer.h"

namespace mcore {

/// Writes the protobuf exposition: io.prometheus.client.MetricFamily messages, each behind its length as a varint.
///
/// Shape: one message for each run of samples of one family. The flat series of a classic histogram or summary are put
///        together again as long as they stand beside each other; what does not fit its family's type becomes an
///        untyped family of its own.
/// Cost:  holds one family.
class ProtoWriter final : public ExpositionWriter {
 public:
  void family(const FamilyMetadata& metadata) override;
  void sample(const ExpositionSample& sample) override;
  void flush() override { flush_family(); }
  void finish() override { flush_family(); }
  [[nodiscard]] std::string& output() override { return output_; }
  [[nodiscard]] const ExpositionLosses& losses() const override { return losses_; }

 private:
  /// One classic histogram or summary on its way.
  struct Group {
    bool open = false;
    std::string labels;  // bytes of the label set without name, le and quantile
    std::optional<std::int64_t> timestamp_ms;
    std::optional<std::int64_t> start_timestamp_ms;
    double count = 0;
    double sum = 0;
    std::string parts;  // encoded buckets or quantiles
  };
  enum class Role : std::uint8_t { kNone, kPart, kSum, kCount };

  [[nodiscard]] Role role_of(std::string_view metric, LabelsView labels) const;
  void open_family(std::string_view name, MetricType type, bool announced);
  void add_to_group(const ExpositionSample& sample, Role role);
  void add_number(const ExpositionSample& sample);
  void add_histogram(const ExpositionSample& sample);
  void flush_group();
  void flush_family();

  FamilyMetadata announced_;  // its views are of the strings below
  std::string announced_name_;
  std::string announced_help_;
  std::string announced_unit_;
  std::string open_name_;
  std::string open_help_;
  std::string open_unit_;
  MetricType open_type_ = MetricType::kUnknown;
  std::string metrics_;  // encoded Metric fields of the open family
  Group group_;
  LabelBuilder builder_;
  std::string output_;
  ExpositionLosses losses_;
};

}  // namespace mcore
