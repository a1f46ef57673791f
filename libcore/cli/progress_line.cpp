// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.h"

#include <algorithm>

namespace mcore {
namespace {

constexpr std::chrono::milliseconds kBetween{200};

}  // namespace

ProgressLine::ProgressLine(Console& io, std::string_view work, std::string_view unit, Now now)
    : io_(io), work_(work), unit_(unit), now_(std::move(now)), is_on_(io.shows_progress()), shown_(now_()) {}

void ProgressLine::update(std::uint64_t done, std::uint64_t total) {
  if (!is_on_) {
    return;
  }
  const auto now = now_();
  if (now - shown_ < kBetween) {
    return;
  }
  shown_ = now;
  std::string line = work_ + ": ";
  if (total > 0) {
    const double share = 100.0 * static_cast<double>(std::min(done, total)) / static_cast<double>(total);
    line += std::to_string(static_cast<int>(share)) + "%, ";
  }
  line += std::to_string(done) + (total > 0 ? " of " + std::to_string(total) : "") + " " + unit_;
  io_.show_progress(line);
}

}  // namespace mcore
