// SPDX-License-Identifier: Apache-2.0
//
// The wanted values were recorded from a running Prometheus (3.5.3, Go 1.27.1, amd64, with FMA): its answers carry all
// digits.
#include "base/server_math.h"

#include "support/catch.h"
#include "support/same_digits.h"

using namespace mcore;

TEST_CASE("sin reduces small and huge angles as the server does", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kNan},
      {-kInf, kNan},
      {0.0, 0.0},
      {-0.0, -0.0},
      {0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
      {0.5, 0x1.eaee8744b05fp-2},
      {1.0, 0x1.aed548f090ceep-1},
      {-1.0, -0x1.aed548f090ceep-1},
      {0x1.921fb54442d18p1, 0x1.1a62633145cp-53},
      {-0x1.921fb54442d18p1, -0x1.1a62633145cp-53},
      {0x1.921fb54442d18p-1, 0x1.6a09e667f3bccp-1},
      {0x1.921fb54442d19p-1, 0x1.6a09e667f3bcdp-1},
      {1000.0, 0x1.a75cc150a206cp-1},
      {0x1.fffffffffffffp28, 0x1.4e67c4aa3dd2fp-2},
      {0x1p29, 0x1.4e67c0e2622dfp-2},
      {-0x1p29, -0x1.4e67c0e2622dfp-2},
      {0x1.0f0cf064dd592p73, -0x1.b453ab76bf398p-1},
      {0x1.231d9a98dfdbfp493, -0x1.01f49e4db2418p-13},
      {-0x1.08637bf0cc5a3p967, 0x1.24e5e4543d516p-15},
      {0x1.fffffffffffffp1023, 0x1.452fc98b34ebp-8},
      {-0x1.5475839a1cf9dp1019, -0x1.25788dc403419p-1},
      {-1619.0, 0x1.c3829705609a3p-1},
      {0x1.ea69779eeb81p327, 0x1.9ce9ba17c14b6p-1},
      {0x1.c468e36c0da12p-1, 0x1.8bcb55e70a4b5p-1},
      {0x1.9f6376d190571p811, -0x1.aa3417ff12de3p-1},
      {-0x1.91813625cbf3p6, 0x1.3bba99e0492b5p-3},
  };
  check(server_sin, kCases);
}

TEST_CASE("cos reduces small and huge angles as the server does", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kNan},
      {-kInf, kNan},
      {0.0, 1.0},
      {-0.0, 1.0},
      {1.0, 0x1.14a280fb5068cp-1},
      {-1.0, 0x1.14a280fb5068cp-1},
      {0x1.921fb54442d18p0, 0x1.1a62633145cp-54},
      {0x1.921fb54442d18p-1, 0x1.6a09e667f3bcdp-1},
      {0x1.921fb54442d19p-1, 0x1.6a09e667f3bccp-1},
      {0x1.921fb54442d18p1, -1.0},
      {2.5, -0x1.9a2f7ef858b7dp-1},
      {4.0, -0x1.4eaa606db24c1p-1},
      {5.5, 0x1.6ad6c3c07d448p-1},
      {0x1.fffffffffffffp28, -0x1.e3edd238bb17ap-1},
      {0x1p29, -0x1.e3edd2dfeef9p-1},
      {0x1.0f0cf064dd592p73, 0x1.0be2cef01c8f3p-1},
      {0x1.c2ea61d70b25bp877, 0x1.ffffffd3086cep-1},
      {0x1.fffffffffffffp1023, -0x1.fffe62ecfab75p-1},
      {0x1.ef6c97ccbb79cp724, 0x1.4e3fe6fcb9af2p-2},
      {-0x1.29558de2e49acp-1, 0x1.ac104e3e18bc2p-1},
      {0x1.00334b2c29f5bp519, -0x1.c110a36f3ecf5p-2},
      {0x1.99d36c00e05cap-1, 0x1.648d4108b89ffp-1},
      {0x1.c136ef4cf8fd8p773, -0x1.407ab762b7201p-1},
      {0x1.c468e36c0da12p-1, 0x1.44cb29f1d3fdp-1},
  };
  check(server_cos, kCases);
}

TEST_CASE("tan reduces small and huge angles as the server does", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kNan},
      {-kInf, kNan},
      {0.0, 0.0},
      {-0.0, -0.0},
      {0x1.ad7f29abcaf48p-24, 0x1.ad7f29abcaf48p-24},
      {1.0, 0x1.8eb245cbee3a5p0},
      {-1.0, -0x1.8eb245cbee3a5p0},
      {0x1.921fb54442d18p0, 0x1.d02967c31cdcp53},
      {0x1.921fb54442d18p-1, 1.0},
      {2.5, -0x1.7e79b4e00bb15p-1},
      {0x1.fffffffffffffp28, -0x1.61cd928a38268p-2},
      {0x1p29, -0x1.61cd8e0ffa035p-2},
      {0x1.0f0cf064dd592p73, -0x1.a0f79c1b6b259p0},
      {0x1.04b941bbc3887p590, 0x1.ee86ab22fd268p-15},
      {0x1.fffffffffffffp1023, -0x1.4530cfe72949dp-8},
      {0x1.ef6c97ccbb79cp724, -0x1.72a8c35a02315p1},
      {0x1.6b5a3120463ep-1, 0x1.b7c984ef6f5f8p-1},
      {-0x1.5475839a1cf9dp1019, -0x1.662465a4ee185p-1},
      {0x1.6ba515c4df8p4, 0x1.d05f090251f61p-1},
      {0x1.00334b2c29f5bp519, -0x1.0650539bae6d1p1},
      {-0x1.48e93a816fe17p4, 0x1.d1a4d0686e7cdp2},
  };
  check(server_tan, kCases);
}

TEST_CASE("asin changes its form at 0.7 and ends at 1", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, kNan},
      {-0.0, -0.0},
      {0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
      {0.5, 0x1.0c152382d7366p-1},
      {0x1.6666666666666p-1, 0x1.8d00e692afd95p-1},
      {0x1.6666666666667p-1, 0x1.8d00e692afd96p-1},
      {1.0, 0x1.921fb54442d18p0},
      {-1.0, -0x1.921fb54442d18p0},
      {0x1.0000000000001p0, kNan},
      {-1.5, kNan},
      {0x1.6b5a3120463ep-1, 0x1.93fc29e3610a9p-1},
      {0x1.99d36c00e05cap-1, 0x1.db26db1d8ede2p-1},
      {-0x1.2fbc760770ad6p-1, -0x1.452808978f8a2p-1},
      {0x1.fe7c23794451p-1, 0x1.7e6cbfd34376cp0},
      {0x1.ffe2a1da99aa8p-1, 0x1.8cb45dc3e96ffp0},
      {-0x1.2707506a62f28p-2, -0x1.2b454e57f88dfp-2},
  };
  check(server_asin, kCases);
}

TEST_CASE("acos is the rest of asin to a right angle", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {-kInf, kNan},
      {-0.0, 0x1.921fb54442d18p0},
      {0.5, 0x1.0c152382d7365p0},
      {1.0, 0.0},
      {0x1.fffffffffffffp-1, 0x1p-26},
      {-1.0, 0x1.921fb54442d18p1},
      {1.5, kNan},
      {0x1.3905a0a2946a6p-1, 0x1.d3754d75c6d06p-1},
      {-0x1.29558de2e49acp-1, 0x1.185fc384b409ep1},
      {-0x1.2fbc760770ad6p-1, 0x1.1a59dcc8054b4p1},
      {0x1.fe7c23794451p-1, 0x1.3b2f570ff5acp-4},
      {0x1.ffe2a1da99aa8p-1, 0x1.5ad5e0165864p-6},
      {0x1.31600b84b9f38p-1, 0x1.dd0d6982e99e8p-1},
  };
  check(server_acos, kCases);
}

TEST_CASE("atan changes its form at 0.66 and tan(3*pi/8)", "[promql][math]") {
  constexpr Unary kCases[] = {
      {kNan, kNan},
      {kInf, 0x1.921fb54442d18p0},
      {-kInf, -0x1.921fb54442d18p0},
      {0.0, 0.0},
      {-0.0, -0.0},
      {0x0.0000000000001p-1022, 0x0.0000000000001p-1022},
      {0x1.51eb851eb851fp-1, 0x1.2aafdde4d0c9fp-1},
      {0x1.51eb851eb852p-1, 0x1.2aafdde4d0c9fp-1},
      {1.0, 0x1.921fb54442d18p-1},
      {-1.0, -0x1.921fb54442d18p-1},
      {0x1.3504f333f9de6p1, 0x1.2d97c7f3321d2p0},
      {0x1.3504f333f9de7p1, 0x1.2d97c7f3321d2p0},
      {0x1.7e43c8800759cp996, 0x1.921fb54442d18p0},
      {-0x1.48e93a816fe17p4, -0x1.85ae32376c977p0},
      {0x1.c468e36c0da12p-1, 0x1.7287223aa2b14p-1},
      {-0x1.ce1aed4652392p4, -0x1.89437c5be6364p0},
      {-0x1.dbcb1131fcf6p-1, -0x1.7f5d84d461046p-1},
      {0x1.06695d55180bbp0, 0x1.9874b0a6136e9p-1},
      {-0x1.ab226a3d79a11p4, -0x1.8889f25bce796p0},
  };
  check(server_atan, kCases);
}

TEST_CASE("atan2 knows the quadrant, zeros and infinities too", "[promql][math]") {
  constexpr Binary kCases[] = {
      {kNan, 1.0, kNan},
      {1.0, kNan, kNan},
      {0.0, 1.0, 0.0},
      {-0.0, 1.0, -0.0},
      {0.0, 0.0, 0.0},
      {0.0, -0.0, 0x1.921fb54442d18p1},
      {-0.0, -0.0, -0x1.921fb54442d18p1},
      {0.0, -1.0, 0x1.921fb54442d18p1},
      {-0.0, -1.0, -0x1.921fb54442d18p1},
      {1.0, 0.0, 0x1.921fb54442d18p0},
      {-1.0, -0.0, -0x1.921fb54442d18p0},
      {kInf, kInf, 0x1.921fb54442d18p-1},
      {-kInf, kInf, -0x1.921fb54442d18p-1},
      {kInf, -kInf, 0x1.2d97c7f3321d2p1},
      {-kInf, -kInf, -0x1.2d97c7f3321d2p1},
      {kInf, 1.0, 0x1.921fb54442d18p0},
      {-kInf, -1.0, -0x1.921fb54442d18p0},
      {1.0, kInf, 0.0},
      {-1.0, kInf, -0.0},
      {1.0, -kInf, 0x1.921fb54442d18p1},
      {-1.0, -kInf, -0x1.921fb54442d18p1},
      {1.0, 2.0, 0x1.dac670561bb4fp-2},
      {1.0, -2.0, 0x1.56c6e7397f5aep1},
      {-1.0, -2.0, -0x1.56c6e7397f5aep1},
      {0x0.0000000000001p-1022, -0x1.7e43c8800759cp996, 0x1.921fb54442d18p1},
      {-0x0.0000000000001p-1022, -0x1.7e43c8800759cp996, 0x1.921fb54442d18p1},
      {0x1.2dccb457e63c7p3, 0x1.4ea147c1256fcp5, 0x1.c62c5645191eep-3},
      {0x1.c89b5e3a867d4p1, -272.0, 0x1.9071fc2b13f5dp1},
      {0x1.95e9feb87c681p1, 0x1.ea0a3153f04fp1, 0x1.6230a72cdc4b6p-1},
      {0x1.fffffc517197ap-1, -0x1.8cba110e5cef9p0, 0x1.48c6007c694ep1},
      {0x1.efa762525ebbcp-1, 0x1.8f94775307594p4, 0x1.3d649d20431fp-5},
      {-0x1.b06f37b6cab2p-1, 133.0, -0x1.a02c02a97615ap-8},
      {0x1.2c1770a14e6d8p3, -0x1.2cf8abaa7ba7cp4, 0x1.56ed3dac862afp1},
      {0x1.9995cc3f9b13bp1, -0x1.e92d9280ae1ccp3, 0x1.77b63b957858bp1},
  };
  check(server_atan2, kCases);
}
