// SPDX-License-Identifier: Apache-2.0
#include "promql/window_plan.h"

#include <algorithm>
#include <cstring>

#include "promql/vector_clones.h"

namespace mcore {
namespace {

/// How many samples the windows of a chain or group may differ in length, lest others wait for the shortest.
constexpr std::uint32_t kMostBehind = 8;
constexpr std::uint32_t kMostStride = 64;  // beyond, windows hardly overlap

std::uint32_t length_of(const WindowPlan::Chain& chain) noexcept {
  return chain.first_end - chain.begin;
}

bool is_ragged(const WindowPlan::Chain& chain) noexcept {
  return chain.last_end - chain.first_end > kMostBehind;
}

bool are_alike(std::uint32_t length, std::uint32_t other) noexcept {
  return std::max(length, other) - std::min(length, other) <= kMostBehind + length / 8;
}

/// Turns the milliseconds in the columns into seconds, bridges the edges and fills in the factors: in every lane the
/// operations of extrapolation_factor(), but for counters near zero. `factor` has the number of gaps.
MCORE_VECTOR_CLONES void stretch_columns(double* sampled, double* to_start, double* to_end, double* factor,
                                         std::size_t count, double divisor) noexcept {
  using Lanes = double __attribute__((vector_size(64)));  // the columns have no such alignment: copied in and out
  for (std::size_t i = 0; i < count; i += sizeof(Lanes) / sizeof(double)) {
    Lanes seconds;
    Lanes start;
    Lanes end;
    Lanes result;
    std::memcpy(&seconds, sampled + i, sizeof seconds);
    std::memcpy(&start, to_start + i, sizeof start);
    std::memcpy(&end, to_end + i, sizeof end);
    std::memcpy(&result, factor + i, sizeof result);
    seconds = seconds / 1000;
    const Lanes spacing = seconds / result;
    const Lanes threshold = spacing * 1.1;
    const Lanes half = spacing / 2;
    const Lanes gap_at_start = start / 1000;
    const Lanes gap_at_end = end / 1000;
    start = gap_at_start >= threshold ? half : gap_at_start;
    end = gap_at_end >= threshold ? half : gap_at_end;
    result = (seconds + start + end) / seconds / divisor;
    std::memcpy(sampled + i, &seconds, sizeof seconds);
    std::memcpy(to_start + i, &start, sizeof start);
    std::memcpy(to_end + i, &end, sizeof end);
    std::memcpy(factor + i, &result, sizeof result);
  }
}

}  // namespace

void WindowPlan::set(std::span<const std::int64_t> t_ms, const RangeWindows& windows) {
  if (windows == windows_ && std::ranges::equal(t_ms, t_ms_)) {
    return;
  }
  windows_ = windows;
  t_ms_.assign(t_ms.begin(), t_ms.end());
  find_windows();
  stretch_.divisor = 0;
  has_groups_ = false;
}

void WindowPlan::find_windows() {
  begins_.resize(windows_.count);
  ends_.resize(windows_.count);
  longest_ = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::size_t step = 0; step < windows_.count; ++step) {  // both ends only ever move forward
    const std::int64_t to_ms = windows_.first_t_ms + static_cast<std::int64_t>(step) * windows_.step_ms;
    const std::int64_t from_ms = to_ms - windows_.range_ms;
    while (end < t_ms_.size() && t_ms_[end] <= to_ms) {
      ++end;
    }
    while (begin < end && t_ms_[begin] <= from_ms) {
      ++begin;
    }
    begins_[step] = static_cast<std::uint32_t>(begin);
    ends_[step] = static_cast<std::uint32_t>(end);
    longest_ = std::max(longest_, end - begin);
  }
}

const WindowPlan::Stretch& WindowPlan::stretch(double divisor) {
  if (stretch_.divisor == divisor) {
    return stretch_;
  }
  constexpr std::size_t kPadding = 8;  // the last round goes beyond the steps
  const std::size_t size = windows_.count + kPadding;
  for (auto* column : {&stretch_.sampled, &stretch_.to_start, &stretch_.to_end, &stretch_.factor}) {
    column->resize(size);
  }
  for (std::size_t step = 0; step < windows_.count; ++step) {
    const std::uint32_t begin = begins_[step];
    const std::uint32_t end = ends_[step];
    if (end - begin < 2) {
      continue;
    }
    const std::int64_t to_ms = windows_.first_t_ms + static_cast<std::int64_t>(step) * windows_.step_ms;
    stretch_.sampled[step] = static_cast<double>(t_ms_[end - 1] - t_ms_[begin]);
    stretch_.to_start[step] = static_cast<double>(t_ms_[begin] - (to_ms - windows_.range_ms));
    stretch_.to_end[step] = static_cast<double>(to_ms - t_ms_[end - 1]);
    stretch_.factor[step] = static_cast<double>(end - begin - 1);
  }
  stretch_columns(stretch_.sampled.data(), stretch_.to_start.data(), stretch_.to_end.data(), stretch_.factor.data(),
                  windows_.count, divisor);
  stretch_.divisor = divisor;
  return stretch_;
}

std::span<const WindowPlan::Group> WindowPlan::groups() {
  if (!has_groups_) {
    find_chains();
    groups_.clear();
    wide_stride_ = 0;
    for (std::size_t next = 0; next < chains_.size(); next += groups_.back().count) {
      groups_.push_back(group_from(next));
    }
    has_groups_ = true;
  }
  return groups_;
}

void WindowPlan::find_chains() {
  chains_.clear();
  for (std::size_t i = 0; i < windows_.count; ++i) {
    const auto step = static_cast<std::uint32_t>(i);
    if (begins_[i] == ends_[i]) {
      continue;
    }
    if (chains_.empty() || chains_.back().begin != begins_[i]) {
      chains_.push_back({.begin = begins_[i], .first_end = ends_[i], .first_step = step});
    }
    chains_.back().last_end = ends_[i];
    chains_.back().last_step = step;
  }
}

WindowPlan::Group WindowPlan::group_from(std::size_t first_chain) {
  const Chain& first = chains_[first_chain];
  const std::uint32_t length = length_of(first);
  Group group{.first_chain = static_cast<std::uint32_t>(first_chain), .count = 1, .common = length};
  if (is_ragged(first)) {
    return group;
  }
  group.is_even = first.first_step == first.last_step;
  const auto rest = std::span(chains_).subspan(first_chain + 1);
  std::uint32_t stride = rest.empty() ? 0 : rest.front().begin - first.begin;
  for (const Chain& chain : rest.first(std::min(rest.size(), kLanes - 1))) {
    if (is_ragged(chain) || !are_alike(length, length_of(chain))) {
      break;
    }
    const Chain& before = chains_[first_chain + group.count - 1];
    stride = chain.begin - before.begin == stride ? stride : 0;
    group.is_even = group.is_even && chain.first_step == chain.last_step && chain.first_step == before.last_step + 1 &&
                    length_of(chain) == length;
    group.common = std::min(group.common, length_of(chain));
    ++group.count;
  }
  if (group.count == kLanes && stride <= kMostStride && (stride == 1 || wide_stride_ == 0 || wide_stride_ == stride)) {
    group.stride = stride;
    wide_stride_ = stride > 1 ? stride : wide_stride_;
  }
  group.is_even = group.is_even && group.count == kLanes;
  return group;
}

}  // namespace mcore
