// SPDX-License-Identifier: Apache-2.0
#include "tsdb/ulid.h"

#include "support/catch.h"

namespace mcore {
namespace {

TEST_CASE("a new ULID holds its time and is like no other", "[tsdb][ulid]") {
  const std::string one = make_ulid(1'781'000'000'123);
  CHECK(is_ulid(one));
  CHECK(ulid_time_ms(one) == 1'781'000'000'123);
  CHECK(one != make_ulid(1'781'000'000'123));
  CHECK(one < make_ulid(1'781'000'000'124));
}

TEST_CASE("the time of a ULID is that of its first ten characters", "[tsdb][ulid]") {
  CHECK(ulid_time_ms("01M81G9T0P5FDDK9NHG2YTMTE1") == 1'795'346'982'934);
  CHECK(ulid_time_ms(kZeroUlid) == 0);
  CHECK(ulid_time_ms("7ZZZZZZZZZZZZZZZZZZZZZZZZZ") == 281'474'976'710'655);
}

TEST_CASE("only whole ULIDs are taken for one", "[tsdb][ulid]") {
  struct Case {
    std::string_view text;
    bool want;
  };
  const Case cases[] = {
      {"01M81G9T0P5FDDK9NHG2YTMTE1", true},
      {"01m81g9t0p5fddk9nhg2ytmte1", true},
      {"01M81G9T0P5FDDK9NHG2YTMTE", false},
      {"01M81G9T0P5FDDK9NHG2YTMTE11", false},
      {"01M81G9T0P5FDDK9NHG2YTMTE1.tmp-for-creation", false},
      {"81M81G9T0P5FDDK9NHG2YTMTE1", false},  // more than 128 bits
      {"01M81G9T0P5FDDK9NHG2YTMTEI", false},
      {"01M81G9T0P5FDDK9NHG2YTMTE/", false},
      {"lost+found", false},
      {"", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(is_ulid(c.text) == c.want);
  }
}

}  // namespace
}  // namespace mcore
