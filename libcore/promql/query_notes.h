// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/query_value.h"
#include "promql/ast.h"

namespace mcore {

/// Collects what an evaluation has to say: warnings and infos, each text once, with the place of the last expression
/// that said it (Prometheus' rule).
///
/// Threads: one; join() brings those of several together.
class QueryNotes {
 public:
  /// `text` is without prefix and place.
  void warn(SourceRange at, std::string_view text) { add(true, at, text); }
  void info(SourceRange at, std::string_view text) { add(false, at, text); }
  /// The buckets of a classic histogram did not ascend: one note for all samples, with the extremes.
  void forced_monotonicity(SourceRange at, std::string_view metric_name, std::int64_t t_ms, double min_bucket,
                           double max_bucket, double max_difference);
  /// A sample says it began before the one before it: one note a metric, with how often.
  void start_overlap(SourceRange at, std::string_view metric_name);
  void join(const QueryNotes& other);

  [[nodiscard]] bool empty() const noexcept { return notes_.empty(); }
  /// All of them as the API words them, warnings first, each kind in the order of the texts.
  [[nodiscard]] std::vector<QueryNote> texts(std::string_view query) const;

 private:
  struct Note {
    SourceRange at{};
    std::uint64_t overlaps = 0;  // if it is about start times
    std::uint64_t forced = 0;    // samples, if it is about monotonicity
    std::int64_t min_t_ms = 0;
    std::int64_t max_t_ms = 0;
    double min_bucket = 0;
    double max_bucket = 0;
    double max_difference = 0;
  };
  /// Warnings before infos.
  struct Key {
    bool is_info = false;
    std::string text{};
    [[nodiscard]] auto operator<=>(const Key&) const = default;
  };
  void add(bool is_warning, SourceRange at, std::string_view text);

  std::map<Key, Note> notes_;
};

/// "line:column" of a byte offset, both from 1, the column in bytes.
[[nodiscard]] std::string source_position(std::string_view query, std::uint32_t offset);

}  // namespace mcore
