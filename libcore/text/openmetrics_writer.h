// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "text/exposition_writer.h"

namespace mcore {

/// Writes OpenMetrics 1.0 text.
///
/// Shape: families in the order of their first sample, each whole: the format forbids to interleave them, so all output
///        appears at flush() and finish(). A counter's family loses its `_total`, and a family whose samples do not
///        have the names that OpenMetrics asks of its type becomes `unknown`. Times in seconds.
/// Cost:  holds all since the last flush() in memory.
class OpenMetricsWriter final : public ExpositionWriter {
 public:
  void family(const FamilyMetadata& metadata) override;
  void sample(const ExpositionSample& sample) override;
  void flush() override;
  void finish() override;
  [[nodiscard]] std::string& output() override { return output_; }
  [[nodiscard]] const ExpositionLosses& losses() const override { return losses_; }

 private:
  struct Family {
    std::string name;
    std::string unit;
    std::string help;
    MetricType type = MetricType::kUnknown;
    std::string samples;
  };
  Family& open_family(std::string name);

  std::vector<Family> families_;
  std::unordered_map<std::string, std::size_t> index_;  // name to position in families_
  std::string announced_;                               // as family() was given it
  FamilyMetadata metadata_;                             // its views are of the strings below
  std::string help_;
  std::string unit_;
  std::string output_;
  ExpositionLosses losses_;
};

}  // namespace mcore
