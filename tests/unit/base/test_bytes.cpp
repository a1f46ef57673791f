// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <bit>
#include <limits>
#include <string>

#include "support/catch.h"
#include "support/hex_bytes.h"

namespace mcore {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST_CASE("words are big-endian", "[base][bytes]") {
  std::string out;
  append_u8(out, 0xAB);
  append_be16(out, 0x0102);
  append_be32(out, 0x03040506);
  append_be64(out, 0x0708090A0B0C0D0E);
  append_f64(out, 2.5);
  CHECK(out == hex_bytes("ab 0102 03040506 0708090a0b0c0d0e 4004000000000000"));
  CHECK(load_be16(out.data() + 1) == 0x0102);
  CHECK(load_be32(out.data() + 3) == 0x03040506);
  CHECK(load_be64(out.data() + 7) == 0x0708090A0B0C0D0E);
  ByteReader reader(out);
  CHECK(reader.u8() == 0xAB);
  CHECK(reader.be16() == 0x0102);
  CHECK(reader.be32() == 0x03040506);
  CHECK(reader.be64() == 0x0708090A0B0C0D0E);
  CHECK(reader.f64() == 2.5);
  CHECK(reader.left() == 0);
  CHECK(reader.ok());
}

TEST_CASE("a value that is no number keeps its bits", "[base][bytes]") {
  std::string out;
  append_f64(out, std::bit_cast<double>(std::uint64_t{0x7ff0000000000002}));
  CHECK(out == hex_bytes("7ff0000000000002"));
  CHECK(std::bit_cast<std::uint64_t>(ByteReader(out).f64()) == 0x7ff0000000000002);
}

TEST_CASE("uvarints take seven bits a byte, the lowest first", "[base][bytes]") {
  struct Case {
    std::uint64_t value;
    std::string_view bytes;
  };
  constexpr Case kCases[] = {
      {0, "00"},
      {1, "01"},
      {127, "7f"},
      {128, "8001"},
      {300, "ac02"},
      {16383, "ff7f"},
      {16384, "808001"},
      {1U << 31U, "8080808008"},
      {std::uint64_t{1} << 63U, "80808080808080808001"},
      {~std::uint64_t{0}, "ffffffffffffffffff01"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.value);
    std::string out;
    out.reserve(32);
    append_uvarint(out, c.value);
    CHECK(out == hex_bytes(c.bytes));
    ByteReader reader(out);
    CHECK(reader.uvarint() == c.value);
    CHECK(reader.ok());
    CHECK(reader.left() == 0);
  }
}

TEST_CASE("varints are zigzag", "[base][bytes]") {
  struct Case {
    std::int64_t value;
    std::string_view bytes;
  };
  constexpr Case kCases[] = {
      {0, "00"},
      {-1, "01"},
      {1, "02"},
      {-64, "7f"},
      {64, "8001"},
      {15000, "b0ea01"},
      {-53, "69"},
      {1700000010000, "a0bcacfef962"},
      {kMax, "feffffffffffffffff01"},
      {kMin, "ffffffffffffffffff01"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.value);
    std::string out;
    out.reserve(32);
    append_varint(out, c.value);
    CHECK(out == hex_bytes(c.bytes));
    CHECK(ByteReader(out).varint() == c.value);
    CHECK(unzigzag(zigzag(c.value)) == c.value);
  }
}

TEST_CASE("a varint that is cut or of more than 64 bits is refused", "[base][bytes]") {
  for (const std::string_view bytes : {"", "80", "ffff", "ffffffffffffffffff02", "ffffffffffffffffff7f",
                                       "80808080808080808080", "8080808080808080808001"}) {
    CAPTURE(bytes);
    const std::string input = hex_bytes(bytes);
    ByteReader reader(input);
    CHECK(reader.uvarint() == 0);
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("strings are borrowed and bounded by what is there", "[base][bytes]") {
  std::string out;
  append_ustr(out, "abc");
  append_ustr(out, "");
  append_ustr(out, std::string(200, 'x'));
  CHECK(out.substr(0, 7) == std::string("\x03"
                                        "abc\0\xc8\x01",
                                        7));
  ByteReader reader(out);
  const std::string_view abc = reader.ustr();
  CHECK(abc == "abc");
  CHECK(abc.data() == out.data() + 1);
  CHECK(reader.ustr().empty());
  CHECK(reader.ustr().size() == 200);
  CHECK(reader.ok());

  const std::string hostile = hex_bytes("ffffffffffffffffff01 61 62");
  ByteReader bounded(hostile);
  CHECK(bounded.ustr().empty());
  CHECK_FALSE(bounded.ok());
}

TEST_CASE("nothing is consumed after a failure", "[base][bytes]") {
  const std::string bytes = hex_bytes("010203");
  ByteReader reader(bytes);
  CHECK(reader.u8() == 1);
  CHECK(reader.be32() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.left() == 0);
  CHECK(reader.u8() == 0);
  CHECK(reader.uvarint() == 0);
  CHECK(reader.bytes(0).empty());
  CHECK_FALSE(reader.ok());
}

}  // namespace
}  // namespace mcore
