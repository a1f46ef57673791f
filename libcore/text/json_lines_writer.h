// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/labels.h"
#include "text/exposition_writer.h"

namespace mcore {

/// Writes VictoriaMetrics' JSON lines: a series and its samples a line, at most 10,000 of them.
///
/// Shape: as JsonLineReader reads it; NaN is null, the infinities are "Infinity" and "-Infinity". Stale markers become
///        null, too, and are counted; so are native histograms, which the format lacks and which are left out.
/// Cost:  no allocation per sample beyond the growth of the output.
class JsonLinesWriter {
 public:
  /// The samples that follow are of this series.
  void series(LabelsView labels);
  void sample(std::int64_t t_ms, double value);
  void leave_out_histogram() noexcept { ++losses_.native_histograms; }
  void finish() { end_line(); }

  [[nodiscard]] std::string& output() noexcept { return output_; }
  [[nodiscard]] const ExpositionLosses& losses() const noexcept { return losses_; }

 private:
  void end_line();

  std::string metric_;  // the line up to its values
  std::string values_;
  std::string timestamps_;
  std::size_t count_ = 0;
  std::string output_;
  ExpositionLosses losses_;
};

}  // namespace mcore
