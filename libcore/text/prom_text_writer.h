// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_set>

#include "text/exposition_writer.h"

namespace mcore {

/// Writes the Prometheus text format, version 0.0.4, with the quoted names of 1.0.0 where a name needs them.
///
/// Shape: as ExpositionWriter says; times in milliseconds. The types that this format lacks become the ones whose
/// samples
///        look the same: gauge histograms histogram, info and stateset gauge, unknown untyped.
class PromTextWriter final : public ExpositionWriter {
 public:
  void family(const FamilyMetadata& metadata) override;
  void sample(const ExpositionSample& sample) override;
  void finish() override {}
  [[nodiscard]] std::string& output() override { return output_; }
  [[nodiscard]] const ExpositionLosses& losses() const override { return losses_; }

 private:
  std::string output_;
  std::unordered_set<std::string> announced_;
  std::string last_;  // the family announced last: in a body the next call is mostly for the same
  ExpositionLosses losses_;
};

}  // namespace mcore
