// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ingest/byte_source.h"
#include "ingest/stream_decoder.h"
#include "ingest/stream_format.h"
#include "ingest/stream_sink.h"
#include "model/sample_batch.h"
#include "text/csv_columns.h"
#include "text/exposition_reader.h"

namespace mcore {

/// How a stream is read.
struct StreamInputOptions {
  std::optional<StreamFormat> format{};        // none: found out from the content
  BatchLimit batch{};                          // a message of rw2 is never cut below the second limit
  std::chrono::milliseconds batch_wait{1000};  // a batch waits no longer for more after its first bytes came
  std::size_t line_limit = 16 << 20;
  std::size_t message_limit = 64 << 20;  // of protobuf and rw2
  ExpositionReaderOptions exposition{};  // of protobuf
  std::vector<CsvColumn> csv_columns{};  // what the columns of CSV are; if there are any, the stream is CSV
  /// Decodes text formats in place of the own decoder, for readers that have a faster way.
  std::function<std::unique_ptr<StreamDecoder>(StreamFormat)> text_decoder{};
  std::function<bool()> stop{};  // asked at least twice a second while waiting; true ends the stream
};

/// Reads a stream of samples in any of the formats, from a file, a pipe that ends or one that does not, and hands it
/// out in batches.
///
/// Shape:  compression (gzip, zstd) and format are found out from the content. Behind `# EOF` another stream may
///         follow, in another format. HELP, TYPE and UNIT hold for all samples behind them, as far away as they may be.
///         In the text formats an entry is a line: quoted values do not go over its end, and blanks before a metric's
///         name are no part of it.
/// Units:  samples without a time get the time of reading: one for all that comes without a pause.
/// Errors: what cannot be read (a line, a message, the rest of a damaged stream, a last line without its newline) is
///         reported and left out, and reading goes on behind it. Throws Error: kIo for the descriptor, kSyntax for what
///         is no stream of samples at all.
/// Cost:   as the readers, 1 MiB of the stream and one batch; one line, or message, where that is larger.
class StreamInput {
 public:
  /// `name` is for messages. `clock` must outlive this.
  StreamInput(int fd, std::string name, const Clock& clock, StreamInputOptions options, StreamFaultReport report);
  ~StreamInput();
  StreamInput(const StreamInput&) = delete;
  StreamInput& operator=(const StreamInput&) = delete;

  /// Replaces `batch` with the next samples. Returns as soon as it is full, or `batch_wait` after its first bytes came;
  /// false at the end of the stream, with an empty batch. Pass the same batch each time.
  bool next(SampleBatch& batch);

  /// Of the part at hand; nothing before the first batch.
  [[nodiscard]] std::optional<StreamFormat> format() const noexcept { return format_; }
  /// How many faults were reported.
  [[nodiscard]] std::uint64_t faults() const noexcept { return sink_.faults; }

 private:
  using Time = std::chrono::steady_clock::time_point;

  bool decode();
  bool choose_decoder(bool must);
  void read_more();
  void finish();
  [[nodiscard]] std::string_view arrived_first();
  [[nodiscard]] bool join_arrivals();
  void use(std::size_t size);
  void pass_over_line();
  [[nodiscard]] std::chrono::milliseconds patience() const;
  [[nodiscard]] bool is_due() const;

  ByteSource source_;
  const Clock& clock_;
  StreamInputOptions options_;
  StreamSink sink_;
  std::unique_ptr<FormatDetector> detector_;
  std::unique_ptr<StreamDecoder> decoder_;
  std::optional<StreamFormat> format_;
  std::optional<Time> deadline_;  // of the batch at hand, once it has bytes
  /// Bytes at hand that came without a pause.
  struct Arrival {
    std::size_t size = 0;
    std::int64_t t_ms = 0;
  };
  std::deque<Arrival> arrivals_;  // in order; all bytes at hand
  Time read_at_{};                // when the last of them began to come
  bool is_new_batch_ = true;      // nothing was read for it yet
  bool passing_over_ = false;     // the rest of a line that is too long
  bool at_end_ = false;
  bool stopped_ = false;
  bool finished_ = false;
};

}  // namespace mcore
