// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ingest/stream_input.h"
#include "tsdb/block_meta.h"
#include "tsdb/store_writer.h"

namespace mcore {

/// How far an import is.
struct ImportProgress {
  std::string_view source{};
  std::uint64_t bytes = 0;    // of the source; 0 where it is no text
  std::uint64_t samples = 0;  // of all sources
};

struct ImportOptions {
  StreamInputOptions stream{};                   // of streams; `stop` and `text_decoder` are set here
  bool stop_at_fault = false;                    // the first fault ends the import; nothing is stored then
  std::chrono::milliseconds max_ahead{600'000};  // of the clock; later samples are refused
  std::int64_t block_ms = 7'200'000;             // length of the blocks' windows; a multiple of two hours
  std::size_t memory = std::size_t{96} << 20U;   // beside what blocks under way cost
  bool sync = true;
  StoreWriterOptions writer{};
  std::function<bool()> stop{};  // asked now and then, by any thread; true ends the import
  std::function<void(const ImportProgress&)> on_progress{};
  std::function<void(const std::string& source, const StreamFault&)> on_fault{};
  DamageReport on_damage{};  // of the store and of stores that are read
};

/// What became of the samples.
struct ImportOutcome {
  std::uint64_t read = 0;       // samples that could be read
  std::uint64_t faults = 0;     // entries that could not
  std::uint64_t in_blocks = 0;  // samples stored in new blocks
  std::vector<BlockMeta> blocks{};
  AppendOutcome log{};                                 // of the samples that went through the log
  std::uint64_t repeated = 0;                          // were there already, or came twice; the log's included
  std::array<std::uint64_t, kRefusalCount> refused{};  // by Refusal, the log's included
  std::array<std::string, kRefusalCount> example{};
  bool stopped = false;  // nothing was stored, or only blocks, and not yet what belongs in the log
  [[nodiscard]] std::uint64_t stored() const noexcept { return in_blocks + log.samples; }
};

/// Brings much data into a store at once, past the log: what is older than all that only the log holds becomes blocks,
/// only the newest part is appended (DESIGN section 4, "bulk import").
///
/// Every sample is compared with what the store holds at its time, so that importing the same again adds nothing, and
/// an import that was killed goes on when it is run again. Blocks appear together at the end.
///
/// Shape:    exemplars and metadata have no place in blocks and are left out. Of two samples of a series with the same
///           time the first one counts, one in the store before all that come.
/// Lifetime: `clock` must outlive it. What is under way lies in STORE/head/import and goes with it.
/// Errors:   throws Error: kIo, kBusy, kCorrupt as StoreWriter; kSyntax for a stream that is none, or at a fault with
///           stop_at_fault.
/// Threads:  one; uses a second one of its own.
/// Cost:     25 ns a sample of a text that has series one behind the other.
class BulkImport {
 public:
  BulkImport(const std::string& store, const Clock& clock, ImportOptions options);
  ~BulkImport();
  BulkImport(const BulkImport&) = delete;
  BulkImport& operator=(const BulkImport&) = delete;

  /// Reads a stream to its end. Samples without a time are faults. `name` is for messages.
  void read_stream(int fd, const std::string& name);
  /// Reads a store, a server's data directory or a single block.
  void read_store(const std::string& path);
  /// Stores what was read. To be called once.
  ImportOutcome commit();

 private:
  class Job;
  std::unique_ptr<Job> job_;
};

}  // namespace mcore
