// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "text/text_reader.h"

namespace mcore {

/// Reads the Prometheus text format 0.0.4 and 1.0.0: the second only adds quoted names, and both are read alike.
///
/// Shape: lines `name{label="value"} number [milliseconds]`, `# HELP name text`, `# TYPE name word`, other comments and
///        blank lines. As lenient as Prometheus' own reader: blanks and tabs between tokens, a comma too many or too
///        few between labels, newlines in values, no newline at the end; feature list. Blanks before a
///        metric's name become part of the name, as they do there.
class PromTextReader final : public TextReader {
 public:
  /// `body` must outlive the reader.
  explicit PromTextReader(std::string_view body) : TextReader(body) {}

  ExpositionEntry next() override;
  bool next_exemplar(Exemplar& /*out*/) override { return false; }

 private:
  ExpositionEntry read_comment(const char* p);
  ExpositionEntry read_sample(const char* start, const char* p);
  bool read_timestamp(const char*& p);

  std::string_view last_timestamp_;  // its text: in a stream it is almost always the next one's too
};

}  // namespace mcore
