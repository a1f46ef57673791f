// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "ingest/stream_input.h"
#include "support/stream.h"
#include "support/temp_folder.h"
#include "tsdb/head_upkeep.h"
#include "tsdb/store_writer.h"

namespace mcore {

/// A store in a fresh folder, filled with lines of the text format.
class TestStore {
 public:
  explicit TestStore(std::int64_t now_ms = 10'000'000) : clock_(now_ms), writer_(folder_ / "s", clock_, options()) {}

  [[nodiscard]] std::string path() const { return folder_ / "s"; }
  AppendOutcome append(const std::string& lines) {
    const PipedBytes bytes(lines);
    StreamInputOptions options;
    options.format = StreamFormat::kPrometheusText;
    StreamInput input(bytes.fd(), "lines", clock_, options,
                      [](const StreamFault& fault) { throw Error(ErrorKind::kSyntax, "read", "lines", fault.text()); });
    AppendOutcome outcome;
    SampleBatch batch;
    while (input.next(batch)) {
      outcome.add(writer_.append(batch));
    }
    return outcome;
  }
  /// Moves all that is in order into blocks.
  void cut() { (void)cut_and_shrink(Upkeep(path()), clock_, true, {}); }

 private:
  static StoreWriterOptions options() {
    StoreWriterOptions options;
    options.sync = false;
    return options;
  }

  TempFolder folder_;
  FixedClock clock_;
  StoreWriter writer_;
};

}  // namespace mcore
