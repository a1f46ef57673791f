// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include "support/catch.h"

namespace mcore {
namespace {

struct Case {
  std::string_view text;
  bool valid;
};
constexpr Case kCases[] = {
    {"", true},
    {"plain ascii, longer than eight bytes", true},
    {"gr\xc3\xb6\xc3\x9f"
     "e",
     true},
    {"\xe5\x90\x8d", true},
    {"\xf0\x9f\x98\x80", true},
    {"\xff", false},
    {"12345678\xff", false},
    {"\xc0\xaf", false},          // overlong
    {"\xe0\x80\xaf", false},      // overlong
    {"\xed\xa0\x80", false},      // surrogate
    {"\xf4\x90\x80\x80", false},  // above U+10FFFF
    {"\xc3", false},              // cut off
    {"\xe5\x90", false},
};

TEST_CASE("is_valid_utf8 agrees with Go", "[base][utf8]") {
  for (const Case& c : kCases) {
    CAPTURE(c.text);
    CHECK(is_valid_utf8(c.text) == c.valid);
  }
}

TEST_CASE("in_quotes gives one line whatever the bytes are", "[base][utf8]") {
  CHECK(in_quotes("a\"b\\c\n\t\r") == R"("a\"b\\c\n\t\r")");
  CHECK(in_quotes(std::string_view("\0\x1f\x7f\xff", 4)) == R"("\x00\x1f\x7f\xff")");
  CHECK(in_quotes("größe") == "\"größe\"");
  CHECK(in_quotes("abcdef", 3) == R"("abc...")");
}

TEST_CASE("utf8_length measures the first character", "[base][utf8]") {
  CHECK(utf8_length("") == 0);
  CHECK(utf8_length("ab") == 1);
  CHECK(utf8_length("\xC3\xA9x") == 2);
  CHECK(utf8_length("\xE2\x82\xAC") == 3);
  CHECK(utf8_length("\xF0\x9F\x98\x80") == 4);
  CHECK(utf8_length("\xC3") == 0);
  CHECK(utf8_length("\xFF") == 0);
}

}  // namespace
}  // namespace mcore
