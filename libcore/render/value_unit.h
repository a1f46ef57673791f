// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/time_text.h"

namespace mcore {

/// What a number counts, as far as the naming rules of metrics tell.
enum class UnitKind : std::uint8_t {
  kPlain,
  kBytes,
  kBits,
  kSeconds,
  kTimestamp,  // seconds since the Unix epoch
  kRatio,      // 1 is all of it
  kPercent,    // 100 is all of it
  kCelsius,
  kHertz,
  kVolts,
  kAmperes,
  kWatts,
  kJoules,
  kMeters,
  kGrams,
};

struct ValueUnit {
  UnitKind kind = UnitKind::kPlain;
  bool per_second = false;
  [[nodiscard]] bool operator==(const ValueUnit&) const = default;
};

/// The unit at the end of a metric's name, before _total, _sum, _min, _max, _avg: node_network_receive_bytes_total.
/// `_count` and `_bucket` are plain counts; the operation of a rule, job:io_bytes:rate5m, makes it per second.
[[nodiscard]] ValueUnit unit_of_name(std::string_view metric_name) noexcept;

/// The unit of an expression's values, worked out from the names, functions and operators in it: bytes times 8 are
/// bits, bytes by bytes a ratio, rate() is per second, a quantile of a histogram has the unit of what it observed. A
/// guess: what it does not understand is plain. Cost: linear in the text, and bounded in depth.
[[nodiscard]] ValueUnit unit_of_expression(std::string_view expression);

/// How numbers are spelled for people.
struct HumanStyle {
  TimeZone zone = TimeZone::kLocal;
  bool ascii = false;  // us and degC instead of µs and °C
};

/// Three digits and a unit: 1.46KiB, 12.3MB/s, 250ms, 2h5m, 35.2%, 1.23M, 21.5°C.
[[nodiscard]] std::string human_text(double value, ValueUnit unit, HumanStyle style = {});

/// The unit as the title of an axis: "bytes/s", "seconds", "%"; empty for plain numbers.
[[nodiscard]] std::string unit_title(ValueUnit unit, HumanStyle style = {});

}  // namespace mcore
