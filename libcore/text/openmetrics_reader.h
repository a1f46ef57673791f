// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "text/text_reader.h"

namespace mcore {

/// Reads OpenMetrics 1.0 and 0.0.1 text.
///
/// Shape: lines `name{label="value"} number [seconds] [# {labels} number [seconds]]`, `# TYPE`, `# HELP`, `# UNIT` and
/// at
///        the very end `# EOF`; single spaces, no blank lines, no other comments. As strict as Prometheus' own reader
///        and no stricter: feature list.
class OpenMetricsReader final : public TextReader {
 public:
  /// `body` must outlive the reader.
  explicit OpenMetricsReader(std::string_view body) : TextReader(body) {}

  ExpositionEntry next() override;
  bool next_exemplar(Exemplar& out) override;

 private:
  ExpositionEntry read_metadata(const char* p);
  ExpositionEntry read_eof(const char* p);
  ExpositionEntry read_sample(const char* p);
  bool read_exemplar(const char*& p);
  bool take_seconds(const char*& p, std::int64_t& ms, std::string_view what);
  bool check_unit(const char* at);

  std::vector<LabelPiece> exemplar_labels_;
  double exemplar_value_ = 0;
  std::optional<std::int64_t> exemplar_ms_;
  bool has_exemplar_ = false;
};

}  // namespace mcore
