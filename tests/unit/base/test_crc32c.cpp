// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <string>

#include "support/catch.h"

namespace mcore {
namespace {

TEST_CASE("crc32c gives the known checksums", "[base][crc32c]") {
  struct Case {
    std::string bytes;
    std::uint32_t want;
  };
  std::string ascending(32, '\0');
  std::string descending(32, '\0');
  for (int i = 0; i < 32; ++i) {
    ascending[i] = static_cast<char>(i);
    descending[i] = static_cast<char>(31 - i);
  }
  const Case cases[] = {
      {"", 0},
      {"123456789", 0xE3069283},
      {"a", 0xC1D04330},
      {std::string(32, '\0'), 0x8A9136AA},  // RFC 3720, B.4
      {std::string(32, '\xFF'), 0x62A8AB43},
      {ascending, 0x46DD794E},
      {descending, 0x113FDB5C},
  };
  for (const Case& c : cases) {
    CHECK(crc32c(c.bytes) == c.want);
  }
}

TEST_CASE("crc32c of pieces is that of the whole", "[base][crc32c]") {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += static_cast<char>(i * 37);
  }
  const std::string_view whole = bytes;
  const std::uint32_t want = crc32c(whole);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    CHECK(crc32c(whole.substr(cut), crc32c(whole.substr(0, cut))) == want);
  }
}

TEST_CASE("crc32c does not depend on where the bytes lie", "[base][crc32c]") {
  std::string memory(64, '\0');
  for (std::size_t offset = 0; offset < 16; ++offset) {
    memory.replace(offset, 9, "123456789");
    CHECK(crc32c(std::string_view(memory).substr(offset, 9)) == 0xE3069283);
  }
}

}  // namespace
}  // namespace mcore
