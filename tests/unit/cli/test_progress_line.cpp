// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.h"

#include <cstdlib>

#include "support/catch.h"
#include "support/child_process.h"

namespace mcore {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What a terminal gets of work whose updates come at these milliseconds.
std::string shown(const std::function<void(Console&, const std::function<void(int)>&, ProgressLine&)>& work,
                  bool on_terminal = true, const char* no_color = "", const char* terminal = "xterm") {
  const ChildOutcome outcome = run_in_child(
      [&] {
        ::setenv("NO_COLOR", no_color, 1);
        ::setenv("TERM", terminal, 1);
        steady_clock::time_point now{};
        Console io("mstore");
        {
          ProgressLine line(io, "compact", "blocks", [&now] { return now; });
          work(
              io, [&now](int ms) { now = steady_clock::time_point(milliseconds(ms)); }, line);
        }
        return 0;
      },
      on_terminal);
  CHECK(outcome.exit_code == 0);
  return outcome.error_text;
}

void two_updates(Console& /*io*/, const std::function<void(int)>& set_ms, ProgressLine& line) {
  set_ms(200);
  line.update(3, 7);
  set_ms(400);
  line.update(7, 7);
}

TEST_CASE("a progress line is overwritten and goes away", "[cli][progress]") {
  CHECK(shown(two_updates) ==
        "\r\x1B[Kmstore: compact: 42%, 3 of 7 blocks"
        "\r\x1B[Kmstore: compact: 100%, 7 of 7 blocks"
        "\r\x1B[K");
}

TEST_CASE("a progress line is for terminals that can, and without NO_COLOR", "[cli][progress]") {
  CHECK(shown(two_updates, false).empty());
  CHECK(shown(two_updates, true, "1").empty());
  CHECK(shown(two_updates, true, "", "dumb").empty());
}

TEST_CASE("a progress line is shown five times a second at most", "[cli][progress]") {
  CHECK(shown([](Console&, const std::function<void(int)>& set_ms, ProgressLine& line) {
          for (int ms = 0; ms < 500; ms += 10) {
            set_ms(ms);
            line.update(static_cast<std::uint64_t>(ms));
          }
        }) == "\r\x1B[Kmstore: compact: 200 blocks\r\x1B[Kmstore: compact: 400 blocks\r\x1B[K");
  CHECK(shown([](Console&, const std::function<void(int)>& set_ms, ProgressLine& line) {
          set_ms(199);
          line.update(1, 2);
        }).empty());
}

TEST_CASE("a progress line makes room for what is said", "[cli][progress]") {
  CHECK(shown([](Console& io, const std::function<void(int)>& set_ms, ProgressLine& line) {
          set_ms(200);
          line.update(1);
          io.warn("careful");
        }) == "\r\x1B[Kmstore: compact: 1 blocks\r\x1B[Kmstore: careful\n");
}

TEST_CASE("a progress line fits the terminal", "[cli][progress]") {
  CHECK(shown([](Console&, const std::function<void(int)>& set_ms, ProgressLine& line) {
          set_ms(200);
          line.update(123'456'789'012, 999'999'999'999);
        }) == "\r\x1B[Kmstore: compact: 12%, 123456789012 of 9\r\x1B[K");
}

}  // namespace
}  // namespace mcore
