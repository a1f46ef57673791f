// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace mcore {

/// What a forked child did.
struct ChildOutcome {
  int exit_code = -1;  // -1 if a signal ended it
  int signal = 0;
  std::string error_text;  // its standard error
};

/// Runs `work` in a forked child and waits for it; what it returns is the exit code, an exception is 99. With
/// `on_terminal` the child's standard error is a terminal of 40 columns, else a pipe.
[[nodiscard]] ChildOutcome run_in_child(const std::function<int()>& work, bool on_terminal = false);

/// A new folder under $TMPDIR or /tmp that goes away with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Writes a file anew.
void write_test_file(const std::string& path, const std::string& content);

}  // namespace mcore
