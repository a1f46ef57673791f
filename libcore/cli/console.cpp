// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kFlushBytes = 64 << 10;
volatile std::sig_atomic_t g_signal = 0;  // the one thing that a signal handler may touch

void on_signal(int number) {
  g_signal = number;
}

void set_handler(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(number, &action, nullptr);
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

void Console::say(std::string_view line) {
  const std::string whole = tool_ + ": " + std::string(line) + "\n";
  (void)write_all(STDERR_FILENO, whole);  // nobody is left to be told
}

void Console::note(std::string_view line) {
  if (!quiet_ && (verbose_ || ::isatty(STDERR_FILENO) == 1)) {
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
