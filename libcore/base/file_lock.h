// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/directory.h"
#include "base/fd.h"

namespace mcore {

/// An exclusive flock on a file, as Prometheus takes it on its `lock` (tsdb-format 1.2): not the file's existence
/// counts but the lock, which the system lifts when its holder ends, however it ends.
///
/// Lifetime: move-only; the destructor unlocks, also where a forked child still has the file open. Not inherited by
///           children that exec.
/// Errors:   throws Error (kIo) where the file cannot be opened.
class FileLock {
 public:
  FileLock() noexcept = default;
  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { unlock(); }
  /// Takes the lock if it is free. The file is created where it lacks.
  [[nodiscard]] static std::optional<FileLock> try_lock(const std::string& path, const NewFileOwner& owner);
  /// Waits in the system's queue, at most that long (zero: not at all; negative: without end).
  /// Cost: free, a few system calls; a wait costs a thread.
  [[nodiscard]] static std::optional<FileLock> lock_within(const std::string& path, const NewFileOwner& owner,
                                                           std::chrono::milliseconds timeout);
  /// Whether the path still names the file that is locked: if not, others may hold a lock of the same name.
  [[nodiscard]] bool is_in_place(const std::string& path) const noexcept;
  [[nodiscard]] bool is_held() const noexcept { return file_.is_open(); }
  void unlock() noexcept;

 private:
  explicit FileLock(Fd file) noexcept : file_(std::move(file)) {}

  Fd file_;
};

/// Who holds the flock on a file, as far as the system tells, for a message: "prometheus (process 4711)",
/// "mstore (process 12, stopped)", or empty.
[[nodiscard]] std::string describe_lock_holder(const std::string& path);

}  // namespace mcore
