// SPDX-License-Identifier: Apache-2.0
#include "base/decimal_text.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/number_text.h"
#include "support/catch.h"

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Case {
  double value;
  std::string_view api;
  std::string_view plain;  // empty: the same
};
const Case kCases[] = {
    {0, "0", ""},
    {-0.0, "-0", ""},
    {1, "1", ""},
    {-17, "-17", ""},
    {0.5, "0.5", ""},
    {0.1, "0.1", ""},
    {0.3, "0.3", ""},
    {0.1 + 0.2, "0.30000000000000004", ""},
    {1234.5678, "1234.5678", ""},
    {-1234.56789, "-1234.56789", ""},
    {99999999.0001, "99999999.0001", ""},
    {1.0 / 3, "0.3333333333333333", ""},
    {0.0001, "0.0001", ""},
    {0.00001, "0.00001", ""},
    {0.000001, "0.000001", ""},  // the last without an exponent
    {0.0000009999, "9.999e-07", "0.0000009999"},
    {1.5e-10, "1.5e-10", "0.00000000015"},
    {1e6, "1000000", ""},
    {123456789012.0, "123456789012", ""},
    {9007199254740991.0, "9007199254740991", ""},
    {9007199254740993.0, "9007199254740992", ""},
    {9223372036854775808.0, "9223372036854776000", ""},
    {1.2345678901234567e20, "123456789012345670000", ""},
    {1e20, "100000000000000000000", ""},
    {1e21, "1e+21", "1000000000000000000000"},
    {-1.25e22, "-1.25e+22", "-12500000000000000000000"},
    {NAN, "NaN", ""},
    {-NAN, "NaN", ""},
    {kInf, "+Inf", ""},
    {-kInf, "-Inf", ""},
};

TEST_CASE("sample values are written as the HTTP API writes them", "[base][number]") {
  for (const Case& c : kCases) {
    CHECK(api_float_text(c.value) == c.api);
  }
  CHECK(api_float_text(5e-324) == "5e-324");
  CHECK(api_float_text(-1.7976931348623157e308) == "-1.7976931348623157e+308");
}

TEST_CASE("scalars are written without an exponent", "[base][number]") {
  for (const Case& c : kCases) {
    CHECK(decimal_text(c.value) == (c.plain.empty() ? c.api : c.plain));
  }
  CHECK(decimal_text(-1.7976931348623157e308) == "-17976931348623157" + std::string(292, '0'));
  CHECK(decimal_text(-2.2250738585072014e-308) == "-0." + std::string(307, '0') + "22250738585072014");
  CHECK(decimal_text(5e-324) == "0." + std::string(323, '0') + "5");
}

TEST_CASE("what is written reads back the same, and no shorter text does", "[base][number]") {
  std::uint64_t state = 20261119;
  const auto next = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return state ^ (state >> 29U);
  };
  const auto check = [](double value) {
    const std::string text = api_float_text(value);
    double read = 0;
    REQUIRE(parse_float(text, read) == FloatStatus::kOk);
    REQUIRE(std::bit_cast<std::uint64_t>(read) == std::bit_cast<std::uint64_t>(value));
    const auto digits = [](std::string_view number) {  // significant ones
      std::string found;
      for (const char c : number.substr(0, number.find('e'))) {
        found += c >= '0' && c <= '9' && !(c == '0' && found.empty()) ? std::string(1, c) : "";
      }
      return found.substr(0, found.find_last_not_of('0') + 1);
    };
    REQUIRE(digits(text) == digits(float_text(value)));
  };
  for (int i = 0; i < 20'000; ++i) {
    const double any = std::bit_cast<double>(next());
    if (std::isfinite(any)) {
      check(any);
    }
    check(static_cast<double>(next() % 100'000'000) / 1e4);
    check(static_cast<double>(next() % 100'000'000) * 1e-4);  // often one unit beside the decimal
    check(static_cast<double>(next() % 10'000'000'000'000'000) / 1e7);
  }
}

}  // namespace
}  // namespace mcore
