// SPDX-License-Identifier: Apache-2.0
#include "base/number_text.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "support/catch.h"

namespace mcore {
namespace {

struct ReadCase {
  std::string_view text;
  FloatStatus status;
  double value;
};
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr ReadCase kReadCases[] = {
    {"0", FloatStatus::kOk, 0},
    {"1", FloatStatus::kOk, 1},
    {"-1.5", FloatStatus::kOk, -1.5},
    {"+5", FloatStatus::kOk, 5},
    {".5", FloatStatus::kOk, 0.5},
    {"5.", FloatStatus::kOk, 5},
    {"1e3", FloatStatus::kOk, 1000},
    {"1E+03", FloatStatus::kOk, 1000},
    {"0.1", FloatStatus::kOk, 0.1},
    {"1.7e-7", FloatStatus::kOk, 1.7e-7},
    {"9007199254740993", FloatStatus::kOk, 9007199254740992.0},
    {"3.141592653589793238462643383279", FloatStatus::kOk, 3.141592653589793},
    {"123456789012345678901234567890", FloatStatus::kOk, 1.2345678901234568e29},
    {"1e-999", FloatStatus::kOk, 0},
    {"4.9e-324", FloatStatus::kOk, 5e-324},
    {"1e23", FloatStatus::kOk, 1e23},
    {"Inf", FloatStatus::kOk, kInf},
    {"+inf", FloatStatus::kOk, kInf},
    {"-Infinity", FloatStatus::kOk, -kInf},
    {"iNf", FloatStatus::kOk, kInf},
    {"1e999", FloatStatus::kRange, 0},
    {"-1e999", FloatStatus::kRange, 0},
    {"", FloatStatus::kSyntax, 0},
    {"-", FloatStatus::kSyntax, 0},
    {".", FloatStatus::kSyntax, 0},
    {"e5", FloatStatus::kSyntax, 0},
    {"1e", FloatStatus::kSyntax, 0},
    {"1e+", FloatStatus::kSyntax, 0},
    {"--1", FloatStatus::kSyntax, 0},
    {"+-1", FloatStatus::kSyntax, 0},
    {"1 ", FloatStatus::kSyntax, 0},
    {"1,5", FloatStatus::kSyntax, 0},
    {"0x10", FloatStatus::kSyntax, 0},
    {"one", FloatStatus::kSyntax, 0},
    {"+nan", FloatStatus::kSyntax, 0},
    {"nan(1)", FloatStatus::kSyntax, 0},
    {"0x1p-2", FloatStatus::kForbidden, 0},
    {"1_000", FloatStatus::kForbidden, 0},
};

TEST_CASE("parse_float reads what Go reads", "[base][number]") {
  for (const ReadCase& c : kReadCases) {
    CAPTURE(c.text);
    double value = 0;
    REQUIRE(parse_float(c.text, value) == c.status);
    if (c.status == FloatStatus::kOk) {
      CHECK(value == c.value);
    }
  }
}

TEST_CASE("parse_float normalises NaN and keeps the sign of zero", "[base][number]") {
  double value = 0;
  REQUIRE(parse_float("nAn", value) == FloatStatus::kOk);
  CHECK(std::bit_cast<std::uint64_t>(value) == kNormalNanBits);
  REQUIRE(parse_float("-0", value) == FloatStatus::kOk);
  CHECK(std::signbit(value));
}

struct WriteCase {
  double value;
  std::string_view text;
  std::string_view openmetrics;
};
constexpr WriteCase kWriteCases[] = {
    {0, "0", "0.0"},
    {1, "1", "1.0"},
    {-1, "-1", "-1.0"},
    {10, "10", "10.0"},
    {0.5, "0.5", "0.5"},
    {999999, "999999", "999999.0"},
    {1e6, "1e+06", "1e+06"},
    {1234567, "1.234567e+06", "1.234567e+06"},
    {25282244608, "2.5282244608e+10", "2.5282244608e+10"},
    {0.0001, "0.0001", "0.0001"},
    {0.00012345, "0.00012345", "0.00012345"},
    {0.00001, "1e-05", "1e-05"},
    {1.5e300, "1.5e+300", "1.5e+300"},
    {5e-324, "5e-324", "5e-324"},
    {123.456, "123.456", "123.456"},
    {-2.5, "-2.5", "-2.5"},
    {9007199254740992.0, "9.007199254740992e+15", "9.007199254740992e+15"},
    {1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"},
    {kInf, "+Inf", "+Inf"},
    {-kInf, "-Inf", "-Inf"},
};

TEST_CASE("write_float lays digits out as the exposition formats do", "[base][number]") {
  for (const WriteCase& c : kWriteCases) {
    CAPTURE(c.text);
    CHECK(float_text(c.value) == c.text);
    CHECK(openmetrics_float_text(c.value) == c.openmetrics);
  }
  CHECK(float_text(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(float_text(-0.0) == "-0");
}

TEST_CASE("what write_float writes reads back the same", "[base][number]") {
  std::uint64_t bits = 0x0123456789ABCDEFU;
  for (int i = 0; i < 20'000; ++i) {
    bits = bits * 6364136223846793005U + 1442695040888963407U;
    const auto value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) {
      continue;
    }
    double back = 0;
    CAPTURE(value);
    REQUIRE(parse_float(float_text(value), back) == FloatStatus::kOk);
    REQUIRE(std::bit_cast<std::uint64_t>(back) == bits);
  }
}

}  // namespace
}  // namespace mcore
