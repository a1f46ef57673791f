// SPDX-License-Identifier: Apache-2.0
// A head in a folder of its own.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "support/series_text.h"
#include "support/temp_folder.h"
#include "tsdb/head_files.h"
#include "tsdb/head_querier.h"
#include "tsdb/head_writer.h"

namespace mcore {

/// An empty generation that is ready to be shared.
class TestHead {
 public:
  TestHead() : files_(HeadFiles::create(folder_ / "1", 1, {})) {
    HeadWriter builder(files_, HeadWriter::Mode::kBuilding);
    builder.begin();
    builder.publish();
    files_.control().ready = 1;
  }
  [[nodiscard]] HeadFiles& files() noexcept { return files_; }
  /// The same files, as another process maps them.
  [[nodiscard]] HeadFiles open(bool writable) const {
    return std::move(HeadFiles::open(folder_ / "1", writable).value());
  }
  [[nodiscard]] std::string text(TimeRange range = {}) {
    HeadQuerier querier(files_, kNoTime);
    return querier_text(querier, range);
  }

 private:
  TempFolder folder_;
  HeadFiles files_;
};

/// The series of a name, added if it is new; its ref is the next free one.
inline std::uint32_t head_series(HeadWriter& head, std::string_view name) {
  const LabelSet labels = test_label_set({{kNameLabel, name}});
  const std::uint64_t hash = labels.view().hash();
  if (const auto known = head.find(labels.view(), hash, UINT32_MAX); known.has_value()) {
    return *known;
  }
  return head.add_series(labels.view(), hash, head.next().next_ref);
}

}  // namespace mcore
