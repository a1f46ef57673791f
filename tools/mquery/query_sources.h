// SPDX-License-Identifier: Apache-2.0
// What a query is asked of: stores, blocks, exposition files and streams, several of them merged.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/console.h"
#include "cli/option_set.h"
#include "storage/querier.h"

namespace mcore {

/// One source as it was opened.
class QuerySource {
 public:
  virtual ~QuerySource() = default;
  [[nodiscard]] virtual Querier& querier() = 0;
  /// The newest sample; nothing if there is none.
  [[nodiscard]] virtual std::optional<std::int64_t> newest_t_ms() = 0;
};

/// `-s`, `--store`, and operands that name a source.
class SourceOptions {
 public:
  void declare(OptionSet& set);
  /// Takes the sources out of the operands.
  void take_from(std::vector<std::string>& operands);
  /// Opens what was given, else the default store. Errors: throws Error (kIo, kUsage).
  void open(const Clock& clock, Console& io);

  /// All sources as one. Requires: open().
  [[nodiscard]] Querier& querier();
  [[nodiscard]] std::optional<std::int64_t> newest_t_ms();
  /// Whether there is one source and it is no store: its newest sample is its present.
  [[nodiscard]] bool is_lone_stream() const noexcept { return sources_.size() == 1 && has_stream_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<QuerySource>> sources_;
  std::unique_ptr<Querier> merged_;
  bool has_stream_ = false;
};

}  // namespace mcore
