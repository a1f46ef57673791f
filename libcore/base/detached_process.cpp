// SPDX-License-Identifier: Apache-2.0
#include "base/detached_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace mcore {
namespace {

constexpr const char* kThisProgram = "/proc/self/exe";

[[noreturn]] void become(char* const* words) noexcept {
  if (::setsid() < 0) {
    ::_exit(1);
  }
  const pid_t worker = ::fork();  // the worker leads no session, and its parent is not ours to wait for
  if (worker != 0) {
    ::_exit(worker < 0 ? 1 : 0);
  }
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0 || ::chdir("/") != 0) {
    ::_exit(1);
  }
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(null, stream);
  }
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(kThisProgram, words);
  ::_exit(1);
}

}  // namespace

bool start_detached(const std::vector<std::string>& words) noexcept {
  std::vector<char*> arguments;
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  const pid_t starter = ::fork();
  if (starter < 0) {
    return false;
  }
  if (starter == 0) {
    become(arguments.data());
  }
  int status = 0;
  while (::waitpid(starter, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace mcore
