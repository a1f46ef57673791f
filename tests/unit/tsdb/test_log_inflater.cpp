// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_inflater.h"

#include <string>

#include "support/catch.h"
#include "support/hex_bytes.h"

namespace mcore {
namespace {

/// "abc" 35 times: as snappy, as a zstd frame that tells its size, and as one that does not.
constexpr std::string_view kSnappy = R"(69 08"abc" fe0300 960300)";
constexpr std::string_view kSized = "28b52ffd 2069 550000 18 616263 01 00 c3d40d01";
constexpr std::string_view kUnsized = "28b52ffd 0058 550000 18 616263 01 00 c3d40d01";

std::string thirty_five() {
  std::string text;
  for (int i = 0; i < 35; ++i) {
    text += "abc";
  }
  return text;
}

TEST_CASE("records are inflated one after the other", "[tsdb][log]") {
  LogInflater inflater;
  std::string_view plain;
  for (int round = 0; round < 2; ++round) {
    REQUIRE(inflater.inflate_snappy(hex_bytes(kSnappy), plain));
    CHECK(plain == thirty_five());
    REQUIRE(inflater.inflate_zstd(hex_bytes(kSized), plain));
    CHECK(plain == thirty_five());
    REQUIRE(inflater.inflate_zstd(hex_bytes(kUnsized), plain));
    CHECK(plain == thirty_five());
  }
  REQUIRE(inflater.inflate_snappy(std::string("\0", 1), plain));
  CHECK(plain.empty());
}

TEST_CASE("compressed bytes that are cut or damaged are refused", "[tsdb][log]") {
  LogInflater inflater;
  std::string_view plain;
  const std::string snappy = hex_bytes(kSnappy);
  const std::string sized = hex_bytes(kSized);
  const std::string unsized = hex_bytes(kUnsized);
  for (std::size_t size = 0; size < snappy.size(); ++size) {
    CHECK_FALSE(inflater.inflate_snappy(snappy.substr(0, size), plain));
  }
  for (std::size_t size = 0; size < sized.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(inflater.inflate_zstd(sized.substr(0, size), plain));
    CHECK_FALSE(inflater.inflate_zstd(unsized.substr(0, size), plain));
  }
  CHECK_FALSE(inflater.inflate_snappy(snappy + "x", plain));
  CHECK_FALSE(inflater.inflate_zstd(sized + "x", plain));
  CHECK_FALSE(inflater.inflate_zstd(unsized + "x", plain));
  // It goes on working after a failure.
  CHECK(inflater.inflate_zstd(unsized, plain));
}

TEST_CASE("more than a record may have is refused before memory is taken for it", "[tsdb][log]") {
  LogInflater inflater;
  std::string_view plain;
  // Promises of 100 MiB by 12 bytes, of 256 MiB and one byte, and of 2^62 bytes.
  CHECK_FALSE(inflater.inflate_snappy(hex_bytes("80808032 04 6161 fe0100 9201"), plain));
  CHECK_FALSE(inflater.inflate_zstd(hex_bytes("28b52ffd a001000010 01 0000"), plain));
  CHECK_FALSE(inflater.inflate_zstd(hex_bytes("28b52ffd e0 0000000000000040 01 0000"), plain));
}

}  // namespace
}  // namespace mcore
