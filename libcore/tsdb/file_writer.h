// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/directory.h"
#include "base/fd.h"

namespace mcore {

/// A new file written from front to back through a buffer.
///
/// Lifetime: what was not finished when it ends is an incomplete file; nothing is removed.
/// Errors:   throws Error (kIo) with the path.
class FileWriter {
 public:
  /// Creates the file, or empties one that is there.
  FileWriter(std::string path, const NewFileOwner& owner);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(std::string_view bytes);
  /// Writes zeros up to a multiple of `alignment`.
  void pad(std::uint64_t alignment);
  /// Bytes written so far: where the next will be.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Writes the buffer out, syncs the file if asked to, and closes it.
  void finish(bool sync);

 private:
  void flush();

  std::string path_;
  Fd fd_;
  std::string buffer_;
  std::uint64_t size_ = 0;
};

/// Puts a file in place of another, or where there is none: written as `path`.tmp, synced, renamed, the folder synced.
/// Errors: throws Error (kIo); the file that was there stays then.
void replace_file(const std::string& path, std::string_view bytes, const NewFileOwner& owner);

}  // namespace mcore
