// SPDX-License-Identifier: Apache-2.0
// Test scripts: whatever the bytes are, they are read, loaded and compared without a crash. Queries are not evaluated.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "promql/script_runner.h"

namespace {

/// Everything that is stored, at the times of the range.
mcore::QueryAnswer whole_storage(const mcore::Expr&, std::string_view, mcore::Querier& querier,
                                 const mcore::QueryOptions& options) {
  mcore::QueryAnswer answer;
  answer.value.type = options.is_instant() ? mcore::ValueType::kVector : mcore::ValueType::kMatrix;
  answer.value.t_ms = options.start_t_ms;
  const auto set = querier.select({}, {options.start_t_ms, options.end_t_ms});
  while (set->next()) {
    mcore::QuerySeries& series = answer.value.series.emplace_back();
    series.labels = mcore::LabelSet(set->labels());
    set->samples(series.samples);
  }
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mcore::ScriptOptions options;
  options.evaluate = whole_storage;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(mcore::run_script(text, options, [](const mcore::ScriptFailure& failure) {
    static_cast<void>(mcore::script_failure_text("f", failure));
  }));
  return 0;
}
