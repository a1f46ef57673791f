// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kFlushBytes = 64 << 10;
constexpr std::string_view kClearLine = "\r\x1B[K";
volatile std::sig_atomic_t g_signal = 0;  // the one thing that a signal handler may touch

void on_signal(int number) {
  g_signal = number;
}

void set_handler(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(number, &action, nullptr);
}

/// What fits one line of the terminal, without anything that would move the cursor.
std::string one_line(std::string_view text) {
  winsize size{};
  const std::size_t columns = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80U;
  std::string out;
  std::size_t width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    width += (byte & 0xC0U) != 0x80U ? 1 : 0;
    if (width >= columns) {  // in the last column it would wrap
      break;
    }
    out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return out;
}

}  // namespace

bool Console::is_terminal() const noexcept {
  return file_ == nullptr && ::isatty(STDOUT_FILENO) == 1;
}

void Console::data(std::string_view bytes) {
  pending_ += bytes;
  if (pending_.size() >= kFlushBytes) {
    flush();
  }
}

void Console::data_line(std::string_view line) {
  pending_ += line;
  data("\n");
}

void Console::flush() {
  clear_progress();
  if (file_ != nullptr) {
    file_->write(pending_);
  } else if (const int error = write_all(STDOUT_FILENO, pending_); error != 0) {
    pending_.clear();
    if (error == EPIPE) {
      set_handler(SIGPIPE, SIG_DFL);
      ::raise(SIGPIPE);
    }
    throw Error(ErrorKind::kIo, "write", "standard output", errno_text(error));
  }
  pending_.clear();
}

void Console::close() {
  flush();
  if (file_ != nullptr) {
    file_->commit();
    file_.reset();
  }
}

bool Console::shows_progress() const noexcept {
  const char* const terminal = std::getenv("TERM");
  const char* const no_color = std::getenv("NO_COLOR");
  return !quiet_ && (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb") && ::isatty(STDERR_FILENO) == 1;
}

void Console::show_progress(std::string_view line) {
  const std::string whole = std::string(kClearLine) + one_line(tool_ + ": " + std::string(line));
  (void)write_all(STDERR_FILENO, whole);
  has_progress_ = true;
}

void Console::clear_progress() {
  if (has_progress_) {
    (void)write_all(STDERR_FILENO, kClearLine);
    has_progress_ = false;
  }
}

void Console::say(std::string_view line) {
  clear_progress();
  const std::string whole = tool_ + ": " + std::string(line) + "\n";
  (void)write_all(STDERR_FILENO, whole);  // nobody is left to be told
}

bool Console::shows_notes() const noexcept { return !quiet_ && (verbose_ || ::isatty(STDERR_FILENO) == 1); }

void Console::note(std::string_view line) {
  if (shows_notes()) {
    say(line);
  }
}

void Console::warn(std::string_view line) {
  warned_ = true;
  if (!quiet_) {
    say(line);
  }
}

void Console::warn_softly(std::string_view line) {
  if (!quiet_) {
    say(line);
  }
}

void Console::error(std::string_view line) {
  say(line);
}

bool Console::interrupted() noexcept {
  return g_signal != 0;
}

void Console::watch_signals() {
  set_handler(SIGINT, on_signal);
  set_handler(SIGTERM, on_signal);
  set_handler(SIGPIPE, SIG_IGN);
}

void Console::raise_again() {
  if (g_signal != 0) {
    set_handler(g_signal, SIG_DFL);
    ::raise(g_signal);
  }
}

}  // namespace mcore
