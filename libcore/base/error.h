// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace mcore {

/// What went wrong, as far as a caller or an exit code cares.
enum class ErrorKind {
  kUsage,    // wrong command line, expression or configuration: nothing was done
  kSyntax,   // outside text or bytes that do not follow their format
  kCorrupt,  // stored data that is damaged
  kIo,       // the system refused: file, socket, memory
  kLimit,    // a limit on size, count or time was reached
  kBusy,     // a lock was not had in time
};

/// One failure with the facts in hand, ready for the user's single line `what: where: why`.
///
/// Shape:  what is a verb phrase ("read index"), where a file with offset, a URL or line:column (may be
///         empty), why the value found and the value wanted; advice, if any, after a semicolon.
/// Errors: thrown where nobody near can decide, returned in a Result where the direct caller can.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string_view what, std::string_view where, std::string_view why);

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  /// The line `what: where: why`, without the tool's name and without a newline.
  [[nodiscard]] const char* what() const noexcept override { return line_.c_str(); }

 private:
  ErrorKind kind_;
  std::string where_;
  std::string why_;
  std::string line_;
};

/// The system's text for an errno value, such as "No such file or directory". Safe in any thread.
[[nodiscard]] std::string errno_text(int number);

}  // namespace mcore
