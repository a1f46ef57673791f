// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ingest/sample_columns.h"
#include "ingest/stream_decoder.h"
#include "ingest/stream_format.h"

namespace mcore {

/// Where bulk reading puts what it reads.
class BulkSink {
 public:
  virtual ~BulkSink() = default;

  /// The columns to be filled; another set after each hand_on().
  [[nodiscard]] virtual SampleColumns& columns() = 0;
  /// Takes the columns away; series numbers may be void afterwards: epoch() tells.
  virtual void hand_on() = 0;
  /// Takes the samples that came into a decoder's batch since the last call; `line` is that of the last one, 0 where
  /// there are no lines. Returns the number of the last one's series if that is a float with a time and was not
  /// refused.
  virtual std::optional<std::uint32_t> take_batch(const SampleBatch& batch, std::uint64_t line) = 0;
  /// Changes when series numbers become void.
  [[nodiscard]] virtual std::uint64_t epoch() const = 0;
  /// Later samples are refused: they take the way of take_batch().
  [[nodiscard]] virtual std::int64_t newest_t_ms() const = 0;
  /// Told now and then how far the stream was read.
  virtual void note_progress(const StreamSink& at) = 0;
};

/// The lines of a text format that were read before, by their text: what a series' text says is found out once.
///
/// A line is looked up by guessing: the one that followed the same line last time. Where that is wrong a hash of the
/// text decides.
///
/// Cost: 100 bytes a series beside its text. Beyond a limit it forgets all; the limit grows where that hurts.
class KnownLines {
 public:
  struct Line {
    Line* next = nullptr;  // what followed last time
    const char* text = nullptr;
    std::uint32_t size = 0;
    std::uint32_t series = 0;  // kNoSeries: the whole line says nothing new
    std::uint64_t hash = 0;
  };
  static constexpr std::uint32_t kNoSeries = UINT32_MAX;

  KnownLines() { forget(); }
  /// The line behind which nothing has been read yet.
  [[nodiscard]] Line* start() noexcept { return &start_; }
  [[nodiscard]] Line* find(std::string_view text) const noexcept;
  /// Requires: find() did not find it.
  Line* add(std::string_view text, std::uint32_t series);
  /// Lines that were given out are void afterwards.
  void forget();
  [[nodiscard]] bool is_full() const noexcept { return bytes_ > limit_; }
  /// Forgets, unless most lines were used only a few times since the last time: then it raises the limit. Says whether
  /// it forgot.
  bool make_room(std::uint64_t lines_read);

 private:
  static constexpr std::size_t kFirstLimit = std::size_t{24} << 20U;
  void grow();

  Line start_;
  std::vector<Line*> slots_;
  std::vector<std::unique_ptr<Line[]>> pages_;
  std::size_t count_ = 0;
  std::vector<std::unique_ptr<char[]>> texts_;
  char* text_ = nullptr;
  std::size_t text_left_ = 0;
  std::size_t bytes_ = 0;
  std::size_t limit_ = kFirstLimit;
  std::uint64_t lines_at_forget_ = 0;
};

/// Reads the text formats in bulk: lines of known series with plain numbers are read right into columns, every other
/// line goes to the format's own decoder, and so do all faults.
///
/// Lifetime: make one for all streams that go into one sink; it outlives the decoders it makes.
/// Threads:  one.
/// Cost:     12 to 20 ns a sample line where lines repeat or follow each other as before.
class BulkText {
 public:
  explicit BulkText(BulkSink& sink) : sink_(sink) {}

  /// A decoder of kPrometheusText or kOpenMetrics.
  [[nodiscard]] std::unique_ptr<StreamDecoder> make_decoder(StreamFormat format);
  /// To be called before a stream whose families are not those of the stream before.
  void start_stream();

 private:
  template <bool OpenMetrics>
  class Decoder;

  void remember_comment(std::string_view line);
  [[nodiscard]] bool note_numbers(std::string_view metric);
  void remember_series(std::string_view text, std::uint32_t series);
  void remember(std::string_view text, std::uint32_t series);
  void forget();

  BulkSink& sink_;
  KnownLines known_;
  KnownLines::Line* last_ = nullptr;
  std::optional<StreamFormat> format_;
  std::uint64_t epoch_ = 0;
  std::uint64_t lines_ = 0;
  // Hashes of families.
  std::unordered_set<std::uint64_t> announced_;  // by any comment of the stream
  std::unordered_set<std::uint64_t> typed_;      // by a TYPE line since lines were forgotten
  std::unordered_set<std::uint64_t> numbered_;   // of known series whose text depends on the type
  bool has_doubtful_families_ = false;
};

}  // namespace mcore
