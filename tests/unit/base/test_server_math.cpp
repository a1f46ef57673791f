// SPDX-License-Identifier: Apache-2.0
//
// The wanted values were recorded from a running Prometheus (3.5.3, Go 1.27.1, amd64, with FMA): its answers carry all
// digits.
#include "base/server_math.h"

#include <cmath>

#include "support/catch.h"
#include "support/same_digits.h"

using namespace mcore;

TEST_CASE("exp rounds and gives up where the server does", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, 0.0},
      {0.0, 1.0},
      {-0.0, 1.0},
      {1.0, 0x1.5bf0a8b145769p1},
      {-1.0, 0x1.78b56362cef38p-2},
      {10.0, 0x1.5829dcf95056p14},
      {0x1.62b70a3d70a3dp9, 0x1.67d2a40c95257p1023},
      {0x1.62b851eb851ecp9, kInf},
      {0x1.62e42fefa39efp9, kInf},
      {-0x1.624p9, 0x0.e6cf6d08897acp-1022},
      {-744.0, 0x0.0000000000002p-1022},
      {-0x1.7490a3d70a3d7p9, 0x0.0000000000001p-1022},
      {-0x1.749999999999ap9, 0.0},
      {-0x1.7e43c8800759cp996, 0.0},
      {0x1.79ca10c924223p-67, 1.0},
      {-0x1.c9fd3ea9123c7p4, 0x1.a0fa2dd41a1e8p-42},
      {0x1.0000000000006p0, 0x1.5bf0a8b145772p1},
      {0x1.000000bd1b8d4p0, 0x1.5bf0a9b24b95dp1},
      {0x1.fe7c23794451p-1, 0x1.5ae97829a6e1p1},
      {0x1.ffe2a1da99aa8p-1, 0x1.5bdcb427a1fe1p1},
      {-0x1.2707506a62f28p-2, 0x1.7fd59097c3d6ap-1},
  };
  check(server_exp, kCases);
}

TEST_CASE("ln has the digits of the server, its wrong ones for denormals included", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, kNan},
      {0.0, -kInf},
      {-0.0, -kInf},
      {1.0, 0.0},
      {-1.0, kNan},
      {2.0, 0x1.62e42fefa39efp-1},
      {10.0, 0x1.26bb1bbb55516p1},
      {0x1.6a09e667f3bccp-1, -0x1.62e42fefa39f1p-2},
      {0x1.6a09e667f3bcdp-1, -0x1.62e42fefa39eep-2},
      {0x1.6a09e667f3bcep-1, -0x1.62e42fefa39ebp-2},
      {0x0.0000000000001p-1022, -0x1.628b76e3a7b61p9},
      {0x0.fffffffffffffp-1022, -0x1.6232bdd7abcd2p9},
      {0x1p-1022, -0x1.6232bdd7abcd2p9},
      {0x1.fffffffffffffp1023, 0x1.62e42fefa39efp9},
      {0x1.3905a0a2946a6p-1, -0x1.f7dc4573e9fc8p-2},
      {0x1.6ba515c4df8p4, 0x1.8fd1c3d5ca37ep1},
      {0x1.31600b84b9f38p-1, -0x1.0897d97a49b66p-1},
      {0x1.8cb64ddd1a0e2p4, 0x1.9af5aad41fdf6p1},
      {0x1.c61e61d2bc16p-4, -0x1.19863020ccc94p1},
      {0x1.ac647336b62ap-2, -0x1.be2c5e1531d92p-1},
  };
  check(server_log, kCases);
}

TEST_CASE("log2 is exact for powers of two and off close to one", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, kNan},
      {-0.0, -kInf},
      {-1.0, kNan},
      {1.0, 0.0},
      {0.25, -2.0},
      {1024.0, 10.0},
      {0x1p-1000, -1000.0},
      {0x0.0000000000001p-1022, -1074.0},
      {0x1.0000000000001p0, 0x1.8p-52},
      {0x1.fffffffffffffp-1, -0x1.71547652b82fep-53},
      {10.0, 0x1.a934f0979a371p1},
      {3.0, 0x1.95c01a39fbd69p0},
      {0x1.00dc650fd8586p0, 0x1.3d6dd298105p-8},
      {0x1.0000000000006p0, 0x1.2p-49},
      {0x1.000000bd1b8d4p0, 0x1.10d31aa8p-24},
      {0x1.31600b84b9f38p-1, -0x1.7dba2c981da0bp-1},
      {0x1.65d31822d22dp-2, -0x1.8452fcca5ae9cp0},
      {0x1.06695d55180bbp0, 0x1.245a46a550bp-5},
  };
  check(server_log2, kCases);
}

TEST_CASE("log10 is a multiple of ln", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, kNan},
      {0.0, -kInf},
      {-1.0, kNan},
      {1.0, 0.0},
      {10.0, 1.0},
      {100.0, 2.0},
      {1000.0, 3.0},
      {0x1.c6bf52634p49, 0x1.dffffffffffffp3},
      {0x1.0f0cf064dd592p73, 22.0},
      {0x0.0000000000001p-1022, -0x1.33f424bcb5221p8},
      {0x1.0624dd2f1a9fcp-10, -3.0},
      {0x1.3905a0a2946a6p-1, -0x1.b5a5c9f61cb0bp-3},
      {0x1.6ba515c4df8p4, 0x1.5b4759c547374p0},
      {0x1.ea69779eeb81p327, 0x1.8ae063887e2c7p6},
      {0x1.31600b84b9f38p-1, -0x1.cba53902be491p-3},
      {0x1.3a28c59d5433bp4, 0x1.4b0401c276eefp0},
      {0x1p742, 0x1.beba7fdd71dcdp7},
  };
  check(server_log10, kCases);
}

TEST_CASE("sinh changes its form at 0.5 and 21", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, -kInf},
      {-0.0, -0.0},
      {0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
      {0.5, 0x1.0acd00fe63b97p-1},
      {0x1.0000000000001p-1, 0x1.0acd00fe63b98p-1},
      {21.0, 0x1.3a6e1fd9eecfdp29},
      {0x1.5000000000001p4, 0x1.3a6e1fd9eed11p29},
      {-1.0, -0x1.2cd9fc44eb982p0},
      {0x1.62b70a3d70a3dp9, 0x1.67d2a40c95257p1022},
      {-0x1.62b851eb851ecp9, -kInf},
      {1000.0, kInf},
      {-0x1.ca4d3ae86078p-926, -0x1.ca4d3ae86077fp-926},
      {0x1.00dc650fd8586p0, 0x1.2e2e822c796acp0},
      {0x1.3905a0a2946a6p-1, 0x1.4ce3bdc69ca5p-1},
      {0x1.6b5a3120463ep-1, 0x1.8aa10d53762dbp-1},
      {-0x1.2c553e480949p-3, -0x1.2d691d1089924p-3},
      {-0x1.29558de2e49acp-1, -0x1.3a54b3495330cp-1},
  };
  check(server_sinh, kCases);
}

TEST_CASE("cosh changes its form at 21", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, kInf},
      {-0.0, 1.0},
      {21.0, 0x1.3a6e1fd9eecfdp29},
      {0x1.5000000000001p4, 0x1.3a6e1fd9eed11p29},
      {-1.0, 0x1.8b07551d9f55p0},
      {0x1.62b70a3d70a3dp9, 0x1.67d2a40c95257p1022},
      {-0x1.62b851eb851ecp9, kInf},
      {-0x1.ce1aed4652392p4, 0x1.968dd8c7d30efp40},
      {-0x1.c9fd3ea9123c7p4, 0x1.3a56a6d5c9e31p40},
      {0x1.0000000000006p0, 0x1.8b07551d9f558p0},
      {0x1.000000bd1b8d4p0, 0x1.8b0755fbdca5ap0},
      {0x1.fe7c23794451p-1, 0x1.8a23de07c8dd8p0},
      {-0x1.34e07d59246cp-3, 0x1.02eac3da9359ap0},
  };
  check(server_cosh, kCases);
}

TEST_CASE("tanh changes its form at 0.625 and is one from 44 on", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, 1.0},
      {-kInf, -1.0},
      {-0.0, -0.0},
      {0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
      {0.625, 0x1.1bf47eabb8f96p-1},
      {0x1.3ffffffffffffp-1, 0x1.1bf47eabb8f94p-1},
      {-1.0, -0x1.85efab514f394p-1},
      {44.0, 1.0},
      {0x1.6028f5c28f5c3p5, 1.0},
      {-50.0, -1.0},
      {-0x1.29558de2e49acp-1, -0x1.0be066dff0f84p-1},
      {0x1.c468e36c0da12p-1, 0x1.6a9c699f5c512p-1},
      {0x1.b3ded575c30b2p-2, 0x1.9b52ecb3241a1p-2},
      {0x1.df8e4abbd23dap-1, 0x1.77a3c0eb4f78cp-1},
      {-0x1.202df6207fe78p-2, -0x1.18ce1bc115fbbp-2},
      {-0x1.19de2215d7958p-2, -0x1.12f546f22a0eep-2},
  };
  check(server_tanh, kCases);
}

TEST_CASE("asinh changes its form at 2 and at 2^28", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, -kInf},
      {-0.0, -0.0},
      {0x1p-29, 0x1p-29},
      {2.0, 0x1.719218313d087p0},
      {0x1.0000000000001p1, 0x1.719218313d088p0},
      {0x1p28, 0x1.419ecb712c481p4},
      {0x1.0000000000001p28, 0x1.419ecb712c48p4},
      {-1.0, -0x1.c34366179d427p-1},
      {0x1.7e43c8800759cp996, 0x1.59bbfd8b83e43p9},
      {0x1.4f359f9b22c3ap4, 0x1.de316b4d5035cp1},
      {-0x1.b894bc71d951cp2, -0x1.5054f3286659cp1},
      {0x1.8cb64ddd1a0e2p4, 0x1.f3bc0806a0f82p1},
      {-0x1.5a22e0f9f7fd7p21, -0x1.f1a0ea5a51e26p3},
      {0x1.0d3dfcae4db2cp-1, 0x1.0229b46a606c8p-1},
      {0x1.a6c5800ae0126p4, 0x1.fbdf2bd5485cap1},
  };
  check(server_asinh, kCases);
}

TEST_CASE("acosh starts at one", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, kNan},
      {0.0, kNan},
      {0x1.fffffffffffffp-1, kNan},
      {1.0, 0.0},
      {0x1.0000000000001p0, 0x1.6a09e667f3bcdp-26},
      {2.0, 0x1.5124271980434p0},
      {0x1.0000000000001p1, 0x1.5124271980436p0},
      {0x1p28, 0x1.419ecb712c48p4},
      {0x1.7e43c8800759cp996, 0x1.59bbfd8b83e43p9},
      {0x1.4f359f9b22c3ap4, 0x1.de0c177c5b458p1},
      {784.0, 0x1.d6e231b29f7edp2},
      {0x1.54a7cd5965852p4, 0x1.e01cc64eebedcp1},
      {0x1.936e765dd35b8p4, 0x1.f5c82fa3ef6ep1},
      {0x1.297184332806ap4, 0x1.ceba3b203ba02p1},
      {0x1.8bd81d2882ffp1, 0x1.cb7f1c874bd4p0},
  };
  check(server_acosh, kCases);
}

TEST_CASE("atanh ends at one, infinite", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kNan},
      {-0.0, -0.0},
      {0x1p-29, 0x1p-29},
      {0.25, 0x1.058aefa811452p-2},
      {0.5, 0x1.193ea7aad030ap-1},
      {0x1.fffffffffffffp-2, 0x1.193ea7aad030ap-1},
      {1.0, kInf},
      {-1.0, -kInf},
      {0x1.0000000000001p0, kNan},
      {-2.0, kNan},
      {0x1.fffffffffffffp-1, 0x1.2b708872320e2p4},
      {-0x1.d12e9e741fba8p-2, -0x1.f5d75b9ec984fp-2},
      {-0x1.ad46dd75f2b78p-3, -0x1.b3bc18babc84dp-3},
      {-0x1.714526e0b1088p-3, -0x1.755a10119eb7ep-3},
      {0x1.8751025d0db8fp-4, 0x1.88837785f8b49p-4},
      {-0x1.7a3bee337a1cap-1, -0x1.e5387db0e5373p-1},
  };
  check(server_atanh, kCases);
}

TEST_CASE("a power keeps the special cases and the digits of squaring", "[promql][math]") {
  constexpr Binary kCases[] = {
      {kNan, 0.0, 1.0},
      {1.0, kNan, 1.0},
      {kNan, 1.0, kNan},
      {kNan, 2.0, kNan},
      {2.0, kNan, kNan},
      {0.0, -3.0, kInf},
      {-0.0, -3.0, -kInf},
      {-0.0, -2.0, kInf},
      {-0.0, 3.0, -0.0},
      {-0.0, 2.5, 0.0},
      {0.0, -kInf, kInf},
      {0.0, kInf, 0.0},
      {-1.0, kInf, 1.0},
      {-1.0, -kInf, 1.0},
      {2.0, kInf, kInf},
      {2.0, -kInf, 0.0},
      {0.5, kInf, 0.0},
      {0.5, -kInf, kInf},
      {kInf, 0x1.999999999999ap-4, kInf},
      {kInf, -0x1.999999999999ap-4, 0.0},
      {-kInf, 3.0, -kInf},
      {-kInf, 2.0, kInf},
      {-kInf, -3.0, -0.0},
      {-kInf, 0.5, kInf},
      {-8.0, 0x1.5555555555555p-2, kNan},
      {2.0, 0.5, 0x1.6a09e667f3bcdp0},
      {2.0, -0.5, 0x1.6a09e667f3bccp-1},
      {-4.0, 0.5, kNan},
      {-1.0, 0x1p63, 1.0},
      {1.5, 0x1p63, kInf},
      {1.5, -0x1p63, 0.0},
      {-1.5, 0x1.fffffffffffffp52, -kInf},
      {2.0, 1023.0, 0x1p1023},
      {2.0, 1024.0, kInf},
      {2.0, -1074.0, 0x0.0000000000001p-1022},
      {2.0, -1075.0, 0.0},
      {10.0, 3.0, 1000.0},
      {10.0, -3.0, 0x1.0624dd2f1a9fcp-10},
      {0x1.199999999999ap0, 10.0, 0x1.4bffc0c03023dp1},
      {0x0.0000000000001p-1022, 0.25, 0x1.306fe0a31b6ebp-256},
      {0x1.000000006df38p0, 0x1.2a05f2p33, 0x1.5bf0aa7f03defp1},
      {0x1.2094026c8b33cp2, -357.0, 0x1.3c0475fa78791p-776},
      {0x1.f90d8ed2bfaeap2, -0x1.955333463418ep4, 0x1.6a4085f2de143p-76},
      {0x1.d23cd78a0f853p1, -0x1.52b47fc1fa9eap4, 0x1.6f6f6f0c7ab03p-40},
      {0x1.e6b24a1816fffp2, -0x1.c61747d1c2bcap4, 0x1.e8d47fa8c1063p-84},
      {-0x1.abcf6deb35437p2, 131.0, -0x1.08badcd94b842p359},
      {0x1.2dccb457e63c7p3, 0x1.4ea147c1256fcp5, 0x1.561f70fdf667ep135},
      {-0x1.35b2f200b0402p3, -80.0, 0x1.03f6a3d9dd9e5p-262},
      {0x1.0c9ea3efe7448p202, 0x1.5555555555555p-2, 0x1.47c1443c6b208p67},
      {0x1.6dfac202fbabcp-382, -0x1.18a7627954e1cp0, 0x1.2ac4d437104cdp418},
      {0x1.38d11bb0b108ep3, -0x1.c8ddd3daec005p4, 0x1.0eabee4223934p-94},
      {0x1.81afd823ad62p-1, -326.0, 0x1.2e793615fa08ap133},
      {0x1.c89b5e3a867d4p1, -272.0, 0x1.e86c417b3e667p-500},
      {0x1.95e9feb87c681p1, 0x1.ea0a3153f04fp1, 0x1.4bde05f602df9p6},
      {-0x1.921abec9375ep-2, -544.0, 0x1.8a843f8589d2cp733},
  };
  check(server_pow, kCases);
}

TEST_CASE("of two values the greater is +Inf, then NaN, then +0", "[promql][math]") {
  constexpr Binary kCases[] = {
      {1.0, 2.0, 2.0},    {2.0, 1.0, 2.0},     {kNan, 1.0, kNan}, {1.0, kNan, kNan}, {kInf, kNan, kInf},
      {kNan, kInf, kInf}, {-kInf, kNan, kNan}, {0.0, -0.0, 0.0},  {-0.0, 0.0, 0.0},  {-0.0, -0.0, -0.0},
  };
  check(server_max, kCases);
}

TEST_CASE("of two values the smaller is -Inf, then NaN, then -0", "[promql][math]") {
  constexpr Binary kCases[] = {
      {1.0, 2.0, 1.0},      {2.0, 1.0, 1.0},    {kNan, 1.0, kNan}, {1.0, kNan, kNan}, {-kInf, kNan, -kInf},
      {kNan, -kInf, -kInf}, {kInf, kNan, kNan}, {0.0, -0.0, -0.0}, {-0.0, 0.0, -0.0}, {0.0, 0.0, 0.0},
  };
  check(server_min, kCases);
}

TEST_CASE("round goes by the inverse and upward at a tie", "[promql][math]") {
  constexpr Binary kCases[] = {
      {0.5, 1.0, 1.0},
      {-0.5, 1.0, 0.0},
      {-0x1.999999999999ap-2, 1.0, 0.0},
      {-0x1.3333333333333p-1, 1.0, -1.0},
      {2.5, 1.0, 3.0},
      {-2.5, 1.0, -2.0},
      {0x1.fffffffffffffp-2, 1.0, 1.0},
      {0x1.0000000000001p52, 1.0, 0x1.0000000000002p52},
      {0x1.3333333333333p-3, 0x1.999999999999ap-4, 0x1.999999999999ap-3},
      {0.25, 0x1.999999999999ap-4, 0x1.3333333333333p-2},
      {0x1.0147ae147ae14p0, 0x1.47ae147ae147bp-7, 1.0},
      {0x1.ecccccccccccdp2, -2.0, 8.0},
      {1.0, 0.0, kNan},
      {5.0, kInf, kNan},
      {kNan, 1.0, kNan},
      {kInf, 1.0, kInf},
      {0x1.7e43c8800759cp996, 0x1.56e1fc2f8f359p-997, kInf},
      {0x1.3333333333333p-2, 3.0, 0.0},
  };
  check(server_round, kCases);
}

// No function of the language: recorded from the routine inside the server.
TEST_CASE("exp2 has its own series and ends a little before 1024", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-kInf, 0.0},
      {-0.0, 1.0},
      {0.5, 0x1.6a09e667f3bccp0},
      {-0.5, 0x1.6a09e667f3bccp-1},
      {1.0, 2.0},
      {0x1.5555555555555p-2, 0x1.428a2f98d728bp0},
      {-0x1.d333333333333p2, 0x1.9fdf8bcce533ep-8},
      {10.0, 1024.0},
      {0x1.3333333333333p-1, 0x1.8406003b2ae5cp0},
      {0x1.fffffffffffffp9, 0x1.ffffffffffd3ap1023},
      {0x1.fffeb851eb852p9, 0x1.fc769e9b9c396p1023},
      {1024.0, kInf},
      {-0x1.fed999999999ap9, 0x1.3b2c47bff827ap-1022},
      {-1074.0, 0x0.0000000000001p-1022},
      {-0x1.0c86666666666p10, 0.0},
      {-0x1.092p10, 0x0.0000000002d41p-1022},
  };
  check(server_exp2, kCases);
}

// As exp2.
TEST_CASE("log1p keeps the digits close to zero", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kInf},
      {-1.0, -kInf},
      {-1.5, kNan},
      {-0.0, -0.0},
      {0x1.79ca10c924223p-67, 0x1.79ca10c924223p-67},
      {0x1.12e0be826d695p-30, 0x1.12e0be801f1d9p-30},
      {0x1.999999999999ap-4, 0x1.8663f793c46c7p-4},
      {-0.25, -0x1.269621134db92p-2},
      {-0x1.3333333333333p-2, -0x1.6d3c324e13f4ep-2},
      {0.5, 0x1.9f323ecbf984cp-2},
      {1.0, 0x1.62e42fefa39efp-1},
      {3.0, 0x1.62e42fefa39efp0},
      {0x1.2a05f2p33, 0x1.7069e2aa3184ep4},
      {0x1p53, 0x1.25e4f7b2737fap5},
      {0x1.7e43c8800759cp996, 0x1.5963447f87fb5p9},
      {-0x1.fffffffffffffp-1, -0x1.25e4f7b2737fap5},
      {-0x1.fae147ae147aep-1, -0x1.26bb1bbb55514p2},
  };
  check(server_log1p, kCases);
}

TEST_CASE("every argument of every magnitude has an answer", "[promql][math]") {
  for (int exponent = -1080; exponent <= 1023; ++exponent) {
    for (const double fraction : {1.0, -1.0, 1.2345, -1.9999999, 1.5707963267948966}) {
      const double x = std::ldexp(fraction, exponent);
      CHECK(server_exp(x) >= 0);
      CHECK(server_exp2(x) >= 0);
      CHECK(server_pow(std::fabs(x), x) >= 0);
      CHECK(std::fabs(server_pow(x, 1e9)) >= 0);
      CHECK(std::fabs(server_sin(x)) <= 1);
      CHECK(std::fabs(server_cos(x)) <= 1);
      CHECK_FALSE(std::isnan(server_tan(x)));
      CHECK(std::fabs(server_atan(x)) <= 1.5707963267948966);
      CHECK(server_cosh(x) >= 1);
      CHECK(std::fabs(server_tanh(x)) <= 1);
      CHECK(std::signbit(server_asinh(x)) == std::signbit(x));
    }
  }
}
