// SPDX-License-Identifier: Apache-2.0
#include "tsdb/xor_chunk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "base/bytes.h"
#include "tsdb/xor_code.h"

// A value whose difference to the one before has many zero bits at both ends is written inside a window. To open a
// window costs 11 bits more than to stay in the open one; to stay costs its width, which may be more than this value
// needs, and leaving a wide window early or late changes what all later values cost. So the best choice divides the
// values into stretches, each with the narrowest window that holds all of it:
//
//   cost of stretch (i, j] = 11 + (j - i) * (2 + width(i, j])
//   best[j] = min over i < j of best[i] + cost of stretch (i, j]
//
// The search for i runs backwards from j and may stop at the first i that is 11 bits or more worse than the best so
// far: dividing a longer stretch at that i would cost no more than 11 bits extra, so the longer one cannot win.

namespace mcore {
namespace {

constexpr std::size_t kCountBytes = 2;
constexpr std::size_t kFirstSamplesBytes = 38;  // two samples: 10 + 8 bytes, 157 bits
constexpr std::size_t kSampleBytes = 19;        // any later one: 145 bits
constexpr std::size_t kStoreBytes = 8;
constexpr unsigned kOpeningBits = 11;

/// Windows for up to kMost differences. Longer chunks are planned piece by piece: 11 bits lost in 512 samples at most.
class WindowPlan {
 public:
  static constexpr std::size_t kMost = 512;
  struct Step {
    XorWindow window;
    bool opens;
  };

  void clear() noexcept { count_ = 0; }
  /// Requires: the difference is not 0, and at most kMost since clear().
  void add(std::uint64_t difference) noexcept { steps_[count_++].window = XorWindow::of(difference); }
  /// Replaces each difference's own window by the one to write it in.
  void choose() noexcept {
    for (std::size_t end = 1; end <= count_; ++end) {
      find_stretch(end);
    }
    for (std::size_t end = count_; end != 0; end = begin_[end]) {
      const std::size_t begin = begin_[end];
      const XorWindow window = joint_window(begin, end);
      std::fill(steps_.begin() + begin, steps_.begin() + end, Step{.window = window, .opens = false});
      steps_[begin].opens = true;
    }
  }
  [[nodiscard]] const Step& operator[](std::size_t i) const noexcept { return steps_[i]; }

 private:
  void find_stretch(std::size_t end) noexcept {
    XorWindow window{.leading = 64, .trailing = 64};
    std::uint32_t best = ~std::uint32_t{0} - kOpeningBits;
    for (std::size_t begin = end; begin-- != 0;) {
      window = join(window, steps_[begin].window);
      const auto cost = static_cast<std::uint32_t>(best_[begin] + kOpeningBits + (end - begin) * (2 + window.width()));
      if (cost < best) {
        best = cost;
        begin_[end] = static_cast<std::uint16_t>(begin);
      } else if (cost >= best + kOpeningBits) {
        break;
      }
    }
    best_[end] = best;
  }
  [[nodiscard]] XorWindow joint_window(std::size_t begin, std::size_t end) const noexcept {
    XorWindow window = steps_[begin].window;
    for (std::size_t i = begin + 1; i != end; ++i) {
      window = join(window, steps_[i].window);
    }
    return window;
  }
  static XorWindow join(XorWindow a, XorWindow b) noexcept {
    return {.leading = std::min(a.leading, b.leading), .trailing = std::min(a.trailing, b.trailing)};
  }

  std::size_t count_ = 0;
  std::array<Step, kMost> steps_;
  std::array<std::uint32_t, kMost + 1> best_{};   // bits for the differences before this one
  std::array<std::uint16_t, kMost + 1> begin_{};  // where the last stretch before this one begins
};

struct Cursor {
  std::int64_t t_ms;
  std::uint64_t delta;
  std::uint64_t bits;
};

std::uint64_t bits_of(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value);
}

/// Writes one sample behind the cursor; `windows(difference)` gives the step for a difference that is not 0.
template <typename Windows>
void put_next(BitWriter& out, Cursor& at, std::int64_t t_ms, double value, bool is_second, Windows windows) noexcept {
  const std::uint64_t delta = static_cast<std::uint64_t>(t_ms) - static_cast<std::uint64_t>(at.t_ms);
  const std::uint64_t difference = bits_of(value) ^ at.bits;
  WindowPlan::Step step{};
  if (difference != 0) {
    step = windows(difference);
  }
  if (is_second) {
    out.put_uvarint(delta);
    put_xor_value(out, BitCode(), difference, step.window, step.opens);
  } else {
    put_xor_sample(out, delta - at.delta, difference, step.window, step.opens);
  }
  at = {.t_ms = t_ms, .delta = delta, .bits = bits_of(value)};
}

void put_shortest(BitWriter& out, Cursor at, std::span<const std::int64_t> t_ms,
                  std::span<const double> value) noexcept {
  XorWindow open;
  for (std::size_t i = 1; i < t_ms.size(); ++i) {
    put_next(out, at, t_ms[i], value[i], i == 1, [&open](std::uint64_t difference) {
      const XorWindow own = XorWindow::of(difference);
      const bool opens = !open.holds(difference) || own.width() + kOpeningBits < open.width();
      if (opens) {
        open = own;
      }
      return WindowPlan::Step{.window = open, .opens = opens};
    });
  }
}

void put_optimal(BitWriter& out, Cursor at, std::span<const std::int64_t> t_ms,
                 std::span<const double> value) noexcept {
  WindowPlan plan;
  for (std::size_t begin = 1; begin < t_ms.size(); begin += WindowPlan::kMost) {
    const std::size_t end = std::min(t_ms.size(), begin + WindowPlan::kMost);
    plan.clear();
    for (std::size_t i = begin; i != end; ++i) {
      const std::uint64_t difference = bits_of(value[i]) ^ bits_of(value[i - 1]);
      if (difference != 0) {
        plan.add(difference);
      }
    }
    plan.choose();
    std::size_t used = 0;
    for (std::size_t i = begin; i != end; ++i) {
      put_next(out, at, t_ms[i], value[i], i == 1, [&plan, &used](std::uint64_t) { return plan[used++]; });
    }
  }
}

}  // namespace

void encode_xor_chunk(std::span<const std::int64_t> t_ms, std::span<const double> value, std::string& out,
                      XorWindows windows) {
  assert(t_ms.size() == value.size() && t_ms.size() <= kXorMaxSamples);
  const std::size_t start = out.size();
  out.resize(start + kCountBytes + kFirstSamplesBytes + kSampleBytes * t_ms.size() + kStoreBytes);
  char* chunk = out.data() + start;
  store_be16(chunk, static_cast<std::uint16_t>(t_ms.size()));
  BitWriter bits(chunk, kCountBytes * 8);
  if (windows == XorWindows::kServer) {
    XorState state;
    std::size_t bit = kCountBytes * 8;
    for (std::size_t i = 0; i < t_ms.size(); ++i) {
      bit = xor_append(chunk, bit, (out.size() - start) * 8, state, t_ms[i], value[i]);
    }
    bits = BitWriter(chunk, bit);
  } else if (!t_ms.empty()) {
    bits.put_uvarint(zigzag(t_ms[0]));
    bits.put_wide(bits_of(value[0]), 64);
    const Cursor first{.t_ms = t_ms[0], .delta = 0, .bits = bits_of(value[0])};
    windows == XorWindows::kShortest ? put_shortest(bits, first, t_ms, value) : put_optimal(bits, first, t_ms, value);
  }
  out.resize(start + (bits.bit() + 7) / 8);
}

XorChunkWriter::XorChunkWriter() : bytes_(256, '\0') {}

bool XorChunkWriter::append(std::int64_t t_ms, double value) {
  if (state_.count == kXorMaxSamples) {
    return false;
  }
  std::size_t end =
      xor_append(bytes_.data() + kCountBytes, bit_, (bytes_.size() - kCountBytes) * 8, state_, t_ms, value);
  if (end == kXorFull) {
    bytes_.resize(bytes_.size() * 2);
    end = xor_append(bytes_.data() + kCountBytes, bit_, (bytes_.size() - kCountBytes) * 8, state_, t_ms, value);
  }
  bit_ = end;
  return true;
}

std::string_view XorChunkWriter::finish() {
  store_be16(bytes_.data(), static_cast<std::uint16_t>(state_.count));
  return std::string_view(bytes_).substr(0, size());
}

void XorChunkWriter::clear() noexcept {
  bit_ = 0;
  state_ = XorState();
}

}  // namespace mcore
