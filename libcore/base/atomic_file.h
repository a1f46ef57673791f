// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"

namespace mcore {

/// A file that appears whole or not at all: written beside its place under another name, synced, renamed, and the
/// folder synced.
///
/// Lifetime: what was not committed is removed by the destructor; the file that was there before stays.
/// Errors:   throws Error (kIo) with the path.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  [[noreturn]] void fail(std::string_view what) const;

  std::string path_;
  std::string temporary_;
  Fd fd_;
};

/// Writes all bytes to a descriptor, in as many steps as it takes. Returns 0 or an errno value.
[[nodiscard]] int write_all(int fd, std::string_view bytes) noexcept;

/// The whole content of a file, or of standard input for "-"; throws Error (kIo).
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace mcore
