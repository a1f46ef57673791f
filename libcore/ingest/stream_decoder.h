// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "ingest/stream_format.h"
#include "ingest/stream_sink.h"
#include "text/csv_columns.h"
#include "text/exposition_reader.h"

namespace mcore {

/// What a decoder did with the bytes it was given.
struct DecodeOutcome {
  std::size_t used = 0;
  bool part_ended = false;  // the format's own end was read: what follows is another stream
  bool damaged = false;     // nothing behind this place can be read
};

/// Turns the bytes of a stream in one format into samples, record by record.
///
/// Shape: a record is a line, or a message behind its length. One that cannot be read is reported to the sink and left
///        out. The decoder counts lines and bytes in the sink as it uses them.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;

  /// Reads whole records from the front of `bytes` until the batch is full or no whole record is left; then less than
  /// a record is left over, and more bytes must come.
  virtual DecodeOutcome decode(std::string_view bytes, StreamSink& sink) = 0;
  /// No more bytes will come behind those that decode() is given from now on.
  virtual void expect_end() {}
  /// The stream is over, and `rest` is what decode() could not use.
  virtual void finish(std::string_view rest, StreamSink& sink) = 0;
  /// Whether records are lines, so that a hopeless one can be passed over.
  [[nodiscard]] virtual bool has_lines() const noexcept = 0;
};

[[nodiscard]] std::unique_ptr<StreamDecoder> make_text_decoder(StreamFormat format);
[[nodiscard]] std::unique_ptr<StreamDecoder> make_proto_decoder(const ExpositionReaderOptions& options,
                                                                std::size_t message_limit);
[[nodiscard]] std::unique_ptr<StreamDecoder> make_json_decoder();
/// Without columns the header says what they are.
[[nodiscard]] std::unique_ptr<StreamDecoder> make_csv_decoder(std::vector<CsvColumn> columns);
[[nodiscard]] std::unique_ptr<StreamDecoder> make_rw2_decoder(std::size_t message_limit);

}  // namespace mcore
