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
#include <utility>

#include "promql/kahan_sum.h"
#include "promql/range_column_parts.h"
#include "promql/range_over_time.h"

namespace mcore {
namespace {

using Chain = RangeScratch::Chain;
using Lanes = double __attribute__((vector_size(64)));
using LooseLanes = double __attribute__((vector_size(64), aligned(8), may_alias));
constexpr std::size_t kHalf = sizeof(Lanes) / sizeof(double);
constexpr std::size_t kLanes = 2 * kHalf;

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
    const Lanes x0 = *reinterpret_cast<const LooseLanes*>(at);
    const Lanes x1 = *reinterpret_cast<const LooseLanes*>(at + kHalf);
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
    const Lanes x0 = *reinterpret_cast<const LooseLanes*>(at);
    const Lanes x1 = *reinterpret_cast<const LooseLanes*>(at + kHalf);
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
  WindowSums(bool is_mean, const FloatColumns& samples, const RangeWindows& windows, RangeScratch& scratch,
             std::span<double> out)
      : is_mean_(is_mean), value_(samples.value), rows_room_(scratch.values), chains_(scratch.chains), out_(out) {
    chains_.clear();
    ends_ = &scratch.indexes;
    ends_->resize(windows.count);
    for_each_window(samples, windows, [this](std::size_t step, std::size_t begin, std::size_t end) {
      take(step, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
    });
  }

  void run() {
    if (chains_.empty()) {
      return;
    }
    if (sums_exactly(value_, longest_)) {
      slide();
      return;
    }
    lead_ = chains_.size() >= kLanes ? lead_of(value_) : 0;
    for (std::size_t k = 0; k < chains_.size(); ++k) {
      const Chain& chain = chains_[k];
      if (chain.last_end - chain.first_end > kMostBehind) {
        finish(chain, {}, chain.begin);
        continue;
      }
      if (held_ > 0 && !is_like_held(chain)) {
        flush();
      }
      held_chains_[held_++] = chain;
      if (held_ == kLanes) {
        flush();
      }
    }
    flush();
  }

 private:
  /// How far the windows of a chain may end apart, lest others wait for the shortest.
  static constexpr std::uint32_t kMostBehind = 8;
  static constexpr std::size_t kFewest = 4;       // chains worth a round of lanes
  static constexpr std::size_t kMostStride = 64;  // beyond, windows hardly overlap

  void take(std::size_t step, std::uint32_t begin, std::uint32_t end) {
    (*ends_)[step] = end > begin ? end : 0;
    if (begin == end) {
      put_no_answer(out_[step]);
      return;
    }
    longest_ = std::max<std::size_t>(longest_, end - begin);
    if (chains_.empty() || chains_.back().begin != begin) {
      chains_.push_back({.begin = begin, .first_end = end, .last_end = end, .first_step = step, .last_step = step});
    } else {
      chains_.back().last_end = end;
      chains_.back().last_step = step;
    }
  }

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
      const std::uint32_t end = (*ends_)[step];
      if (end == 0) {
        continue;
      }
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
    for (const Chain& chain : chains_) {
      if (chain.begin >= end) {
        sum = 0;
        begin = end = chain.begin;
      }
      for (; begin < chain.begin; ++begin) {
        sum -= value_[begin];
      }
      for (std::size_t step = chain.first_step; step <= chain.last_step; ++step) {
        for (; end < (*ends_)[step]; ++end) {
          sum += value_[end];
        }
        if ((*ends_)[step] != 0) {
          out_[step] = answer(sum, 0, chain.begin, (*ends_)[step]);
        }
      }
    }
  }

  [[nodiscard]] bool is_like_held(const Chain& chain) const noexcept {
    const std::uint32_t held = held_chains_[0].first_end - held_chains_[0].begin;
    const std::uint32_t own = chain.first_end - chain.begin;
    return std::max(held, own) - std::min(held, own) <= kMostBehind + held / 8;
  }

  /// Adds up the chains held back.
  void flush() {
    const std::size_t held = std::exchange(held_, 0);
    if (held < kFewest) {
      for (std::size_t i = 0; i < held; ++i) {
        finish(held_chains_[i], {}, held_chains_[i].begin);
      }
      return;
    }
    std::uint32_t common = held_chains_[0].first_end - held_chains_[0].begin;
    for (std::size_t i = 1; i < held; ++i) {
      common = std::min(common, held_chains_[i].first_end - held_chains_[i].begin);
    }
    LaneSums sums;
    if (held == kLanes && lay_out_rows()) {
      add_rows(rows_, held_chains_[0].begin, common, lead_, sums);
    } else {
      std::array<const double*, kLanes> begins{};
      for (std::size_t i = 0; i < kLanes; ++i) {
        begins[i] = value_.data() + held_chains_[std::min(i, held - 1)].begin;
      }
      add_scattered(begins, common, sums);
    }
    for (std::size_t i = 0; i < held; ++i) {
      finish(held_chains_[i], {.sum = sums.sum[i], .lost = sums.lost[i]}, held_chains_[i].begin + common);
    }
  }

  /// Whether the chains held back begin at even distances, and rows serve those.
  bool lay_out_rows() {
    const std::uint32_t stride = held_chains_[1].begin - held_chains_[0].begin;
    for (std::size_t i = 2; i < kLanes; ++i) {
      if (held_chains_[i].begin - held_chains_[i - 1].begin != stride) {
        return false;
      }
    }
    if (stride == 1) {
      rows_ = {.data = value_.data(), .length = 0, .stride = 1};
      return true;
    }
    if (laid_out_ == 0 && stride <= kMostStride) {
      laid_out_ = stride;
      row_length_ = value_.size() / stride + 1;
      rows_room_.resize(row_length_ * stride);
      for (std::size_t i = 0; i < value_.size(); ++i) {
        rows_room_[i % stride * row_length_ + i / stride] = value_[i];
      }
    }
    rows_ = {.data = rows_room_.data(), .length = row_length_, .stride = laid_out_};
    return laid_out_ == stride;
  }

  bool is_mean_;
  std::span<const double> value_;
  std::vector<double>& rows_room_;
  std::vector<Chain>& chains_;
  std::vector<std::uint32_t>* ends_ = nullptr;  // of each step's window; 0: it is empty
  std::span<double> out_;
  std::size_t longest_ = 0;
  std::size_t lead_ = 0;
  std::array<Chain, kLanes> held_chains_{};
  std::size_t held_ = 0;
  Rows rows_{};
  std::size_t laid_out_ = 0;  // stride of the rows in rows_room_
  std::size_t row_length_ = 0;
};

}  // namespace

void sum_columns(bool is_mean, const FloatColumns& samples, const RangeWindows& windows, RangeScratch& scratch,
                 std::span<double> out) {
  WindowSums(is_mean, samples, windows, scratch, out).run();
}

}  // namespace mcore
