// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/nhcb_converter.h"
#include "text/exposition_reader.h"
#include "text/proto_metric.h"

namespace mcore {

/// Reads the protobuf exposition: io.prometheus.client.MetricFamily messages, each behind its length as a varint.
///
/// Shape: entries as the text formats would have them: a family's help, unit and type, then its samples, classic
///        histograms and summaries spread out over `_count`, `_sum`, `_bucket` and the quantiles. Families without
///        metrics are passed over. Feature list.
class ProtoReader final : public ExpositionReader {
 public:
  /// `body` must outlive the reader.
  ProtoReader(std::string_view body, const ExpositionReaderOptions& options);

  ExpositionEntry next() override;
  [[nodiscard]] std::size_t offset() const override { return family_at_; }
  [[nodiscard]] std::string_view family_name() const override { return family_.name; }
  [[nodiscard]] MetricType type() const override;
  [[nodiscard]] std::string_view help() const override { return family_.help; }
  [[nodiscard]] std::string_view unit() const override { return family_.unit; }
  [[nodiscard]] std::string_view series_text() const override { return series_; }
  void labels(LabelBuilder& out) override;
  [[nodiscard]] double value() const override { return value_; }
  [[nodiscard]] const Histogram& histogram() const override { return histogram_; }
  [[nodiscard]] std::optional<std::int64_t> timestamp_ms() const override { return metric_.timestamp_ms; }
  [[nodiscard]] std::optional<std::int64_t> start_timestamp_ms() const override { return metric_.start_timestamp_ms; }
  bool next_exemplar(Exemplar& out) override;
  [[nodiscard]] const ExpositionError& error() const override { return error_; }

 private:
  /// What comes next of the metric at hand. Rows are the flat samples of a classic histogram or summary.
  enum class Step : std::uint8_t { kHelp, kUnit, kType, kMetric, kNative, kRows, kNhcb };

  bool next_family();
  ExpositionEntry first_of_metric();
  ExpositionEntry number();
  ExpositionEntry row();
  bool convert();
  void name_series(std::string_view suffix);
  [[nodiscard]] bool is_histogram() const noexcept;
  [[nodiscard]] std::size_t row_count() const noexcept;

  std::string_view body_;
  ExpositionReaderOptions options_;
  std::size_t at_ = 0;
  std::size_t family_at_ = 0;
  ProtoFamily family_;
  ProtoType type_ = ProtoType::kCounter;
  std::size_t metric_index_ = 0;
  ProtoMetric metric_;
  Step step_ = Step::kMetric;
  std::size_t row_ = 0;
  double value_ = 0;
  Histogram histogram_;
  NhcbConverter converter_;
  std::string metric_name_;  // with its suffix
  std::string_view magic_name_;
  std::string magic_value_;  // of le or quantile
  std::string series_;
  bool at_histogram_ = false;
  std::size_t exemplar_ = 0;  // how many of the sample's were taken
  ProtoExemplarParts parts_;
  ExpositionError error_;
  bool failed_ = false;
};

}  // namespace mcore
