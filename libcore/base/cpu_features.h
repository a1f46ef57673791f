// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mcore {

/// Whether the processor has AVX2: for loops that exist twice, an inlined body once as it is and once within a function
/// of `__attribute__((target("avx2")))`. (Not target_clones: what picks the clone runs before a sanitizer is ready.)
/// Both give the same bits: no multiply-add is fused (-ffp-contract=off).
[[nodiscard]] inline bool has_avx2() noexcept {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
#else
  return false;
#endif
}

#if defined(__x86_64__)
#define METRICUTILS_AVX2 __attribute__((target("avx2")))
#else
#define METRICUTILS_AVX2
#endif

}  // namespace mcore
