// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mcore {

/// Reads one line of a test script from the left.
///
/// Lifetime: borrows the line.
/// Errors:   fail() and what says "expected" throw Error (kSyntax) with column, found and wanted; who reads the script
///           adds the line.
class ScriptCursor {
 public:
  explicit ScriptCursor(std::string_view line) noexcept : line_(line) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == line_.size(); }
  /// The next character, 0 at the end.
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : line_[at_]; }
  [[nodiscard]] std::string_view rest() const noexcept { return line_.substr(at_); }
  /// Requires: no more than rest() has.
  void skip(std::size_t size) noexcept { at_ += size; }
  /// Steps over `text` if it comes next.
  bool take(std::string_view text) noexcept;
  void expect(std::string_view text);
  /// Steps over blanks and tabs; whether there were any.
  bool take_blanks() noexcept;
  /// Steps over letters, digits, `_` and `:`; empty if none comes next.
  std::string_view take_name() noexcept;
  /// Steps over what stands before the next blank.
  std::string_view take_word() noexcept;

  /// A number without sign: decimal digits with point and exponent, or inf or nan in any case.
  [[nodiscard]] bool take_number(double& number);
  /// The same with a sign that may stand before it.
  [[nodiscard]] double expect_signed_number();
  [[nodiscard]] std::uint64_t expect_count();

  /// Throws Error: "column 7: expected a number, found 'abc'".
  [[noreturn]] void fail(std::string_view expected) const;

 private:
  std::string_view line_;
  std::size_t at_ = 0;
};

/// Without the white space at both ends.
[[nodiscard]] std::string_view trim_script_line(std::string_view line) noexcept;

/// Throws Error (kSyntax) about the script with this explanation.
[[noreturn]] void throw_script_error(std::string_view why);

}  // namespace mcore
