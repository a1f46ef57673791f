// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "cli/exit_code.h"

namespace mcore {

/// A command's way to the outside: data to standard output or a file, everything for the person to standard error,
/// prefixed with the tool's name.
///
/// Errors:  data() throws Error (kIo) when the output cannot be written. A reader that went away ends the process
///          quietly, as SIGPIPE does.
/// Threads: one.
class Console {
 public:
  explicit Console(std::string tool) : tool_(std::move(tool)) {}

  void set_quiet() noexcept { quiet_ = true; }
  void set_verbose() noexcept { verbose_ = true; }
  [[nodiscard]] bool is_verbose() const noexcept { return verbose_; }

  /// Sends data to a file that appears whole when the command succeeds, instead of standard output.
  void set_output_file(const std::string& path) { file_ = std::make_unique<AtomicFile>(path); }
  [[nodiscard]] bool has_output_file() const noexcept { return file_ != nullptr; }
  /// Whether data goes to a terminal.
  [[nodiscard]] bool is_terminal() const noexcept;

  void data(std::string_view bytes);
  void data_line(std::string_view line);
  /// Writes out what data() holds back: what goes on for ever is to be seen as it comes.
  void flush();
  /// The same, and the file, if there is one, appears. Called at the end of a run.
  void close();

  /// A line that explains; only on a terminal or with -v, never with -q.
  void note(std::string_view line);
  /// Whether it would be seen: for notes that cost something to make.
  [[nodiscard]] bool shows_notes() const noexcept;
  /// Something went wrong in a part: the exit code becomes 1. Silent with -q.
  void warn(std::string_view line);
  void warn(const std::exception& error) { warn(error.what()); }
  /// Something the user must know though nothing failed: the exit code stays. Silent with -q.
  void warn_softly(std::string_view line);
  /// What ends the run.
  void error(std::string_view line);
  [[nodiscard]] bool has_warned() const noexcept { return warned_; }

  /// Whether a line that is overwritten makes sense: standard error is a terminal that can, and neither -q nor NO_COLOR
  /// is there.
  [[nodiscard]] bool shows_progress() const noexcept;
  /// Shows a line in place of the last one, cut to the terminal's width. It goes away before anything else is said.
  void show_progress(std::string_view line);
  void clear_progress();

  /// Whether SIGINT or SIGTERM has come: long work stops soon and cleans up.
  [[nodiscard]] static bool interrupted() noexcept;
  /// Makes the signals set the mark that interrupted() reads, and a closed pipe an error of write().
  static void watch_signals();
  /// Ends the process by the signal that came, so that the shell sees it. Does nothing if none came.
  static void raise_again();

 private:
  void say(std::string_view line);

  std::string tool_;
  bool quiet_ = false;
  bool verbose_ = false;
  bool warned_ = false;
  bool has_progress_ = false;  // a line of show_progress() stands
  std::string pending_;
  std::unique_ptr<AtomicFile> file_;
};

}  // namespace mcore
