// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mcore {

/// The mathematical functions of PromQL with the very digits of a Prometheus server, where the C library often differs
/// in the last one: answers are compared as text, and an alert's threshold does not forgive.
///
/// Shape:    the server runs Go's `math` package on amd64; these do the same operations in the same order, its quirks
///           included (each is named where it happens). Nothing here depends on the machine we run on: the only fused
///           multiply-adds are those that the server's exp makes on a processor with AVX and FMA (2013 and newer).
///           Of a NaN only that it is one is promised, not its payload.
/// Errors:   none: every argument has an answer, at times NaN or an infinity. Never throws.
/// Threads:  any; the rounding mode must be to nearest, as every program starts.
/// Cost:     20 to 80 nanoseconds, pow up to 200, no allocation.
///
/// What needs no function here, since C and C++ answer alike, digit for digit: std::sqrt, std::floor, std::ceil,
/// std::fabs, and std::fmod for `%`; deg is `v * 180 / pi` and rad `v * pi / 180`, from the left to the right.
/// Never std::max, std::min or std::fmax for the values of a query: server_max and server_min say why.

/// e to the power of x: PromQL's exp. Infinite from about 709.44 on, where the true value still is a double.
[[nodiscard]] double server_exp(double x) noexcept;
/// 2 to the power of x, as the quantiles of exponential histogram buckets use it.
[[nodiscard]] double server_exp2(double x) noexcept;
/// PromQL's ln. Of a denormal x the answer is wrong (between -708.4 and -709.1 instead of down to -744.4), as it is
/// there.
[[nodiscard]] double server_log(double x) noexcept;
/// Exact for powers of two, right for denormals, but with a large relative error close to 1, as the server's.
[[nodiscard]] double server_log2(double x) noexcept;
/// ln times a constant, so not exact for powers of ten, and as wrong for denormals as ln.
[[nodiscard]] double server_log10(double x) noexcept;
/// The logarithm of 1 + x; no function of the language, the inverse hyperbolic ones are made of it.
[[nodiscard]] double server_log1p(double x) noexcept;
/// PromQL's `x ^ y`.
[[nodiscard]] double server_pow(double x, double y) noexcept;

// Radians. Right for every magnitude of x; NaN for an infinite one.
[[nodiscard]] double server_sin(double x) noexcept;
[[nodiscard]] double server_cos(double x) noexcept;
[[nodiscard]] double server_tan(double x) noexcept;
[[nodiscard]] double server_asin(double x) noexcept;
[[nodiscard]] double server_acos(double x) noexcept;
[[nodiscard]] double server_atan(double x) noexcept;
/// The angle of the point (x, y), from -pi to pi: PromQL's `y atan2 x`.
[[nodiscard]] double server_atan2(double y, double x) noexcept;

[[nodiscard]] double server_sinh(double x) noexcept;
[[nodiscard]] double server_cosh(double x) noexcept;
[[nodiscard]] double server_tanh(double x) noexcept;
[[nodiscard]] double server_asinh(double x) noexcept;
[[nodiscard]] double server_acosh(double x) noexcept;
[[nodiscard]] double server_atanh(double x) noexcept;

/// The greater of the two. +Inf wins, even over NaN; else NaN wins; +0 is greater than -0. Prometheus uses it in clamp,
/// clamp_min, clamp_max, max_of and min_of; the aggregations max and min and *_over_time have rules of their own.
[[nodiscard]] double server_max(double x, double y) noexcept;
/// The smaller of the two. -Inf wins, even over NaN; else NaN wins; -0 is smaller than +0.
[[nodiscard]] double server_min(double x, double y) noexcept;
/// PromQL's round: to the nearest multiple of `to_nearest`, ties upward (so -0.5 becomes 0), by way of 1 / to_nearest:
/// NaN for a `to_nearest` of 0.
[[nodiscard]] double server_round(double x, double to_nearest) noexcept;

}  // namespace mcore
