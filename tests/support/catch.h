// SPDX-License-Identifier: Apache-2.0
// Catch2 in the version that the distribution has: 2 (Debian 12) or 3.
#pragma once

#ifdef METRICUTILS_CATCH2_V3
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#else
#include <catch2/catch.hpp>
#endif
