// SPDX-License-Identifier: Apache-2.0
#include "ingest/delimited.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace mcore {

WholeMessages whole_messages(std::string_view bytes, std::size_t message_limit) noexcept {
  WholeMessages whole;
  while (whole.size < bytes.size()) {
    const std::string_view rest = bytes.substr(whole.size);
    ByteReader reader(rest);
    const std::uint64_t length = reader.uvarint();
    if (!reader.ok()) {
      whole.too_long = rest.size() >= kMaxVarintSize;  // else the length itself is cut
      break;
    }
    if (length > message_limit) {
      whole.too_long = true;
      break;
    }
    if (length > reader.left()) {
      break;
    }
    whole.size += rest.size() - reader.left() + static_cast<std::size_t>(length);
  }
  return whole;
}

std::size_t message_size(std::string_view bytes) noexcept {
  ByteReader reader(bytes);
  const std::uint64_t length = reader.uvarint();
  return bytes.size() - reader.left() + static_cast<std::size_t>(length);
}

std::string_view message_of(std::string_view bytes) noexcept {
  ByteReader reader(bytes);
  return reader.bytes(reader.uvarint());
}

void report_cut_message(std::string_view rest, StreamSink& sink) {
  if (!rest.empty()) {
    sink.fault(fmt::format("the last message is cut off after {} bytes; its writer seems to have died", rest.size()));
  }
}

}  // namespace mcore
