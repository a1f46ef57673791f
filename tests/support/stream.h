// SPDX-License-Identifier: Apache-2.0
// Streams for tests of StreamInput: from bytes, through a real pipe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "ingest/stream_input.h"

namespace mcore {

/// A pipe that a thread writes some bytes into and then closes.
class PipedBytes {
 public:
  explicit PipedBytes(std::string bytes);
  ~PipedBytes();
  [[nodiscard]] int fd() const noexcept { return read_end_.get(); }

 private:
  Fd read_end_;
  std::thread writer_;
};

/// A pipe whose two ends are both here.
struct OpenPipe {
  OpenPipe();
  void write(std::string_view bytes) const;
  Fd read_end;
  Fd write_end;
};

/// What a stream holds, one line a sample, and what was wrong with it.
struct StreamContent {
  std::vector<std::string> samples;  // `name{...} value @t [since start] [# exemplars] [| type "help" unit]`
  std::vector<std::string> faults;
  std::size_t batches = 0;
};

/// `name{...} value @t ...` of each sample of a batch; `families`: with what is known of their families.
[[nodiscard]] std::vector<std::string> batch_lines(const SampleBatch& batch, bool families = false);

/// Reads all of a stream through a pipe; the clock shows 1,000.
[[nodiscard]] StreamContent read_stream(std::string bytes, StreamInputOptions options = {}, bool families = false);

}  // namespace mcore
