// SPDX-License-Identifier: Apache-2.0
//
// sum_over_time() and avg_over_time() of all windows of a series. A compensated sum that slides, adding what enters and
// taking away what leaves, has other last digits than one that begins anew. So every window is added up from its first
// sample, but sixteen windows side by side: neighbours read neighbouring samples. Windows with the same first sample
// are one chain of additions, read off at each of their ends. Only where no addition rounds does the sum slide.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "promql/kahan_sum.h"
#include "promql/range_column_parts.h"
#include "promql/range_over_time.h"
#include "promql/vector_clones.h"

namespace mcore {
namespace {

using Chain = WindowPlan::Chain;
using Group = WindowPlan::Group;
using Lanes = double __attribute__((vector_size(64)));
constexpr std::size_t kHalf = sizeof(Lanes) / sizeof(double);
constexpr std::size_t kLanes = WindowPlan::kLanes;
static_assert(kLanes == 2 * kHalf);

/// The sums of sixteen chains so far.
struct LaneSums {
  alignas(64) std::array<double, kLanes> sum{};
  alignas(64) std::array<double, kLanes> lost{};
};

/// Samples so that those `stride` apart lie side by side: sample i is in row i % stride at i / stride.
struct Rows {
  const double* data = nullptr;
  std::size_t length = 0;
  std::size_t stride = 1;
};

// In both loops below what rounding loses is found without a branch: TwoSum has the same bits as Neumaier's step while
// all is finite. From `lead` samples on the sum is known to be the larger operand, which takes three operations less.

/// Adds `count` samples to each of sixteen chains, the first of which begins at `begin`, the others `stride` apart.
MCORE_VECTOR_CLONES void add_rows(const Rows& rows, std::size_t begin, std::size_t count, std::size_t lead,
                                  LaneSums& sums) noexcept {
  Lanes s0{};
  Lanes s1{};
  Lanes c0{};
  Lanes c1{};
  std::size_t row = begin % rows.stride;
  std::size_t column = begin / rows.stride;
  std::size_t i = 0;
  for (; i < std::min(lead, count); ++i) {
    const double* const at = rows.data + row * rows.length + column;
    Lanes x0;
    Lanes x1;
    std::memcpy(&x0, at, sizeof x0);
    std::memcpy(&x1, at + kHalf, sizeof x1);
    const Lanes t0 = s0 + x0;
    const Lanes t1 = s1 + x1;
    const Lanes b0 = t0 - s0;
    const Lanes b1 = t1 - s1;
    c0 += (s0 - (t0 - b0)) + (x0 - b0);
    c1 += (s1 - (t1 - b1)) + (x1 - b1);
    s0 = t0;
    s1 = t1;
    row = row + 1 == rows.stride ? 0 : row + 1;
    column += row == 0 ? 1 : 0;
  }
  for (; i < count; ++i) {
    const double* const at = rows.data + row * rows.length + column;
    Lanes x0;
    Lanes x1;
    std::memcpy(&x0, at, sizeof x0);
    std::memcpy(&x1, at + kHalf, sizeof x1);
    const Lanes t0 = s0 + x0;
    const Lanes t1 = s1 + x1;
    c0 += (s0 - t0) + x0;
    c1 += (s1 - t1) + x1;
    s0 = t0;
    s1 = t1;
    row = row + 1 == rows.stride ? 0 : row + 1;
    column += row == 0 ? 1 : 0;
  }
  *reinterpret_cast<Lanes*>(sums.sum.data()) = s0;
  *reinterpret_cast<Lanes*>(sums.sum.data() + kHalf) = s1;
  *reinterpret_cast<Lanes*>(sums.lost.data()) = c0;
  *reinterpret_cast<Lanes*>(sums.lost.data() + kHalf) = c1;
}

/// The same for chains that begin anywhere.
MCORE_VECTOR_CLONES void add_scattered(const std::array<const double*, kLanes>& begins, std::size_t count,
                                       LaneSums& sums) noexcept {
  Lanes s0{};
  Lanes s1{};
  Lanes c0{};
  Lanes c1{};
  for (std::size_t i = 0; i < count; ++i) {
    const Lanes x0 = {begins[0][i], begins[1][i], begins[2][i], begins[3][i],
                      begins[4][i], begins[5][i], begins[6][i], begins[7][i]};
    const Lanes x1 = {begins[8][i],  begins[9][i],  begins[10][i], begins[11][i],
                      begins[12][i], begins[13][i], begins[14][i], begins[15][i]};
    const Lanes t0 = s0 + x0;
    const Lanes t1 = s1 + x1;
    const Lanes b0 = t0 - s0;
    const Lanes b1 = t1 - s1;
    c0 += (s0 - (t0 - b0)) + (x0 - b0);
    c1 += (s1 - (t1 - b1)) + (x1 - b1);
    s0 = t0;
    s1 = t1;
  }
  *reinterpret_cast<Lanes*>(sums.sum.data()) = s0;
  *reinterpret_cast<Lanes*>(sums.sum.data() + kHalf) = s1;
  *reinterpret_cast<Lanes*>(sums.lost.data()) = c0;
  *reinterpret_cast<Lanes*>(sums.lost.data() + kHalf) = c1;
}

/// Whether all sums are finite, and so is what they lost.
bool are_finite(const LaneSums& sums) noexcept {
  double check = 0;  // a NaN as soon as one is not
  for (std::size_t i = 0; i < kLanes; ++i) {
    check += sums.sum[i] * 0 + sums.lost[i] * 0;
  }
  return check == 0;
}

MCORE_VECTOR_CLONES bool mean_lanes(const LaneSums& sums, double count, double* out) noexcept {
  if (!are_finite(sums)) {
    return false;
  }
  for (std::size_t i = 0; i < kLanes; i += kHalf) {
    const Lanes sum = *reinterpret_cast<const Lanes*>(sums.sum.data() + i);
    const Lanes lost = *reinterpret_cast<const Lanes*>(sums.lost.data() + i);
    const Lanes mean = sum / count + lost / count;
    std::memcpy(out + i, &mean, sizeof mean);
  }
  return true;
}

bool sum_lanes(const LaneSums& sums, double* out) noexcept {
  if (!are_finite(sums)) {
    return false;
  }
  for (std::size_t i = 0; i < kLanes; ++i) {
    out[i] = sums.sum[i] + sums.lost[i];
  }
  return true;
}

/// Whether no sum of up to `count` of the values rounds: all are multiples of one power of two, and few and small
/// enough.
bool sums_exactly(std::span<const double> values, std::size_t count) noexcept {
  int lowest = 2000;    // exponent of the last bit in use
  int highest = -2000;  // all values are below 2^highest
  const auto carry = static_cast<int>(std::bit_width(count));
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto exponent = static_cast<int>(bits >> 52U & 0x7FFU);
    const std::uint64_t fraction = bits & 0xF'FFFF'FFFF'FFFFU;
    if (exponent == 0x7FF) {
      return false;
    }
    if (exponent == 0 && fraction == 0) {
      continue;
    }
    const std::uint64_t digits = exponent == 0 ? fraction : fraction | 1ULL << 52U;
    const int unit = (exponent == 0 ? 1 : exponent) - 1075;
    lowest = std::min(lowest, unit + std::countr_zero(digits));
    highest = std::max(highest, unit + static_cast<int>(std::bit_width(digits)));
    if (highest - lowest > 53 - carry || highest > 1023 - carry) {
      return false;
    }
  }
  return true;
}

/// After how many samples a sum is sure to be at least as large as the next one; the whole count if that is not known.
std::size_t lead_of(std::span<const double> values) noexcept {
  double least = values[0];
  double greatest = values[0];
  for (const double value : values) {
    least = value < least ? value : least;
    greatest = value > greatest ? value : greatest;
    if (!(value > 0)) {
      return values.size();
    }
  }
  const double ratio = greatest / least;
  return ratio < static_cast<double>(values.size()) ? static_cast<std::size_t>(ratio) + 3 : values.size();
}

/// All windows of one series.
class WindowSums {
 public:
  WindowSums(bool is_mean, std::span<const double> value, RangeScratch& scratch, std::span<double> out)
      : is_mean_(is_mean), value_(value), scratch_(scratch), plan_(scratch.plan), out_(out) {}

  void run() {
    for (std::size_t step = 0; step < out_.size(); ++step) {
      if (is_empty(step)) {
        put_no_answer(out_[step]);
      }
    }
    const std::span<const Group> groups = plan_.groups();
    if (groups.empty()) {
      return;
    }
    if (sums_exactly(value_, plan_.longest())) {
      slide();
      return;
    }
    const bool has_rows = std::ranges::any_of(groups, [](const Group& group) { return group.stride > 0; });
    lead_ = has_rows ? lead_of(value_) : 0;
    if (plan_.wide_stride() > 0) {
      lay_out_rows(plan_.wide_stride());
    }
    for (const Group& group : groups) {
      add_up(group, plan_.chains().subspan(group.first_chain, group.count));
    }
  }

 private:
  static constexpr std::size_t kFewest = 4;  // chains worth a round of lanes

  [[nodiscard]] bool is_empty(std::size_t step) const noexcept { return plan_.begins()[step] == plan_.ends()[step]; }

  [[nodiscard]] double answer(double sum, double lost, std::uint32_t begin, std::uint32_t end) const noexcept {
    if (!std::isfinite(sum) || !std::isfinite(lost)) {
      const auto values = value_.subspan(begin, end - begin);
      return is_mean_ ? float_average(values) : float_sum(values);
    }
    if (is_mean_) {
      const auto count = static_cast<double>(end - begin);
      return sum / count + lost / count;
    }
    return sum + lost;
  }

  /// Goes on with a chain from sample `next`, and reads off its windows.
  void finish(const Chain& chain, KahanSum sum, std::size_t next) noexcept {
    for (std::size_t step = chain.first_step; step <= chain.last_step; ++step) {
      if (is_empty(step)) {
        continue;
      }
      const std::uint32_t end = plan_.ends()[step];
      for (; next < end; ++next) {
        sum.add(value_[next]);
      }
      out_[step] = answer(sum.sum, sum.lost, chain.begin, end);
    }
  }

  void slide() noexcept {
    double sum = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    for (std::size_t step = 0; step < out_.size(); ++step) {
      const std::uint32_t next_begin = plan_.begins()[step];
      const std::uint32_t next_end = plan_.ends()[step];
      if (next_begin == next_end) {
        continue;
      }
      if (next_begin >= end) {
        sum = 0;
        begin = end = next_begin;
      }
      for (; begin < next_begin; ++begin) {
        sum -= value_[begin];
      }
      for (; end < next_end; ++end) {
        sum += value_[end];
      }
      out_[step] = answer(sum, 0, next_begin, next_end);
    }
  }

  void add_up(const Group& group, std::span<const Chain> chains) {
    if (group.count < kFewest) {
      for (const Chain& chain : chains) {
        finish(chain, {}, chain.begin);
      }
      return;
    }
    LaneSums sums;
    if (group.stride > 0) {
      const Rows rows = group.stride == 1 ? Rows{.data = value_.data(), .length = 0, .stride = 1} : rows_;
      add_rows(rows, chains[0].begin, group.common, lead_, sums);
      if (group.is_even && finish_evenly(sums, group.common, out_.subspan(chains[0].first_step, kLanes))) {
        return;
      }
    } else {
      std::array<const double*, kLanes> begins{};
      for (std::size_t i = 0; i < kLanes; ++i) {
        begins[i] = value_.data() + chains[std::min<std::size_t>(i, group.count - 1)].begin;
      }
      add_scattered(begins, group.common, sums);
    }
    for (std::size_t i = 0; i < group.count; ++i) {
      finish(chains[i], {.sum = sums.sum[i], .lost = sums.lost[i]}, chains[i].begin + group.common);
    }
  }

  /// All lanes' answers at once, if every one is finite.
  [[nodiscard]] bool finish_evenly(const LaneSums& sums, std::uint32_t length, std::span<double> out) const noexcept {
    return is_mean_ ? mean_lanes(sums, static_cast<double>(length), out.data()) : sum_lanes(sums, out.data());
  }

  /// Puts the samples so that those `stride` apart lie side by side.
  void lay_out_rows(std::uint32_t stride) {
    std::vector<double>& room = scratch_.values;
    const std::size_t length = value_.size() / stride + 1;
    room.resize(length * stride);
    std::size_t column = 0;
    for (std::size_t i = 0; i < value_.size(); i += stride, ++column) {
      for (std::size_t row = 0; row < std::min<std::size_t>(stride, value_.size() - i); ++row) {
        room[row * length + column] = value_[i + row];
      }
    }
    rows_ = {.data = room.data(), .length = length, .stride = stride};
  }

  bool is_mean_;
  std::span<const double> value_;
  RangeScratch& scratch_;
  WindowPlan& plan_;
  std::span<double> out_;
  std::size_t lead_ = 0;
  Rows rows_{};
};

}  // namespace

void sum_columns(bool is_mean, std::span<const double> value, RangeScratch& scratch, std::span<double> out) {
  WindowSums(is_mean, value, scratch, out).run();
}

}  // namespace mcore
