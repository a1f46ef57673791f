// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "text/exposition_writer.h"

namespace mcore {

/// Writes CSV that CsvRowReader reads without a column map: one sample a row.
///
/// Shape: RFC 4180 with LF. The header is `metric`, the names of the labels in the order given, `time`, `value`; times
///        are milliseconds since the Unix epoch, values the shortest digits that read back the same, NaN, +Inf, -Inf. A
///        label that a series lacks is an empty cell.
/// Errors: what has no place is left out and counted: native histograms, labels without a column; stale markers become
///         NaN.
class CsvWriter {
 public:
  /// The metric's name is none of `label_names`.
  explicit CsvWriter(std::vector<std::string> label_names);

  /// The samples that follow are of this series.
  void series(LabelsView labels);
  void sample(std::int64_t t_ms, double value);
  void leave_out_histogram() noexcept { ++losses_.native_histograms; }

  [[nodiscard]] std::string& output() noexcept { return output_; }
  [[nodiscard]] const ExpositionLosses& losses() const noexcept { return losses_; }

 private:
  std::vector<std::string> label_names_;
  std::string start_;  // of the rows of the series at hand
  std::string output_;
  ExpositionLosses losses_;
};

/// Appends `text` as a field, in quotes if it needs them.
void append_csv_field(std::string& out, std::string_view text);

}  // namespace mcore
