// SPDX-License-Identifier: Apache-2.0
// Streams of messages, each behind its length as a varint.
#pragma once

#include <cstddef>
#include <string_view>

#include "ingest/stream_sink.h"

namespace mcore {

/// How much of some bytes are whole messages.
struct WholeMessages {
  std::size_t size = 0;   // of the messages with their lengths
  bool too_long = false;  // what follows them announces a message above the limit, or no length at all
};
[[nodiscard]] WholeMessages whole_messages(std::string_view bytes, std::size_t message_limit) noexcept;

/// The size of the first message with its length, and the message without it. Requires: it is whole.
[[nodiscard]] std::size_t message_size(std::string_view bytes) noexcept;
[[nodiscard]] std::string_view message_of(std::string_view bytes) noexcept;

/// Reports what is left at the end of a stream: a message that its writer did not finish.
void report_cut_message(std::string_view rest, StreamSink& sink);

}  // namespace mcore
