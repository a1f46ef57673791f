// SPDX-License-Identifier: Apache-2.0
#include "promql/natural_order.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace mcore {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Takes the run of digits, or of others, that the text starts with.
std::string_view take_run(std::string_view& text) noexcept {
  const bool digits = is_digit(text.front());
  std::size_t size = 1;
  while (size < text.size() && is_digit(text[size]) == digits) {
    ++size;
  }
  const std::string_view run = text.substr(0, size);
  text.remove_prefix(size);
  return run;
}

std::optional<std::int64_t> number(std::string_view run) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(run.data(), run.data() + run.size(), value);
  return is_digit(run.front()) && error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) noexcept {
  while (!a.empty()) {
    if (b.empty()) {
      return false;
    }
    const std::string_view run_a = take_run(a);
    const std::string_view run_b = take_run(b);
    const auto number_a = number(run_a);
    const auto number_b = number(run_b);
    const bool numeric = number_a.has_value() && number_b.has_value();
    if (numeric ? *number_a != *number_b : run_a != run_b) {
      return numeric ? *number_a < *number_b : run_a < run_b;
    }
    if (a.empty()) {
      return true;  // nothing is left that could make it the greater
    }
  }
  return false;
}

}  // namespace mcore
