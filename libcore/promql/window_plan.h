// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mcore {

/// The windows of a range query over one operand: of step i the samples in (t - range_ms, t] with
/// t = first_t_ms + i * step_ms, the offset already taken off.
struct RangeWindows {
  std::int64_t first_t_ms = 0;
  std::int64_t step_ms = 0;
  std::size_t count = 0;
  std::int64_t range_ms = 0;
  [[nodiscard]] bool operator==(const RangeWindows&) const = default;
};

/// What follows from the times of a series' samples alone: which of them each window has, and more where a function
/// asks for it. Series of one target are scraped at once, so a plan mostly serves the next series too.
///
/// Threads: one.
/// Cost:    some nanoseconds a step where the times are new, a comparison of the times where they are not.
class WindowPlan {
 public:
  /// How many chains are added up side by side.
  static constexpr std::size_t kLanes = 16;

  /// Windows that begin with the same sample: steps first_step to last_step, with empty ones perhaps between.
  struct Chain {
    std::uint32_t begin = 0;
    std::uint32_t first_end = 0;
    std::uint32_t last_end = 0;
    std::uint32_t first_step = 0;
    std::uint32_t last_step = 0;
  };
  /// Up to kLanes chains in a row whose windows are about equally long.
  struct Group {
    std::uint32_t first_chain = 0;
    std::uint32_t count = 0;
    std::uint32_t common = 0;  // samples that every window of the group has from its first one
    std::uint32_t stride = 0;  // between the first samples of neighbours, if that is the same for kLanes chains; else 0
    bool is_even = false;      // kLanes chains of one step each, one step after the other, all windows equally long
  };
  /// What extrapolation makes of the times. Columns over the steps; meaningless where there are fewer than two samples.
  struct Stretch {
    std::vector<double> sampled{};   // seconds from first to last sample
    std::vector<double> to_start{};  // seconds that are bridged at the edges
    std::vector<double> to_end{};
    std::vector<double> factor{};  // by which growth is multiplied
    double divisor = 0;            // of the factors; 0: not made yet
  };

  /// Requires: fewer than 2^32 samples and steps, times ascend.
  void set(std::span<const std::int64_t> t_ms, const RangeWindows& windows);

  [[nodiscard]] const RangeWindows& windows() const noexcept { return windows_; }
  /// The samples [begin, end) of each step; equal where there are none.
  [[nodiscard]] std::span<const std::uint32_t> begins() const noexcept { return begins_; }
  [[nodiscard]] std::span<const std::uint32_t> ends() const noexcept { return ends_; }
  /// Samples in the longest window.
  [[nodiscard]] std::size_t longest() const noexcept { return longest_; }

  /// The factors divided by `divisor`: the range in seconds for a rate, else 1.
  [[nodiscard]] const Stretch& stretch(double divisor);
  [[nodiscard]] std::span<const Group> groups();
  /// Those of groups().
  [[nodiscard]] std::span<const Chain> chains() const noexcept { return chains_; }
  /// A stride of groups() other than 0 and 1, the only one, or 0.
  [[nodiscard]] std::uint32_t wide_stride() const noexcept { return wide_stride_; }

 private:
  void find_windows();
  void find_chains();
  [[nodiscard]] Group group_from(std::size_t first_chain);

  std::vector<std::int64_t> t_ms_{};
  RangeWindows windows_{};
  std::vector<std::uint32_t> begins_{};
  std::vector<std::uint32_t> ends_{};
  std::size_t longest_ = 0;
  Stretch stretch_{};
  std::vector<Chain> chains_{};
  std::vector<Group> groups_{};
  bool has_groups_ = false;
  std::uint32_t wide_stride_ = 0;
};

}  // namespace mcore
