// SPDX-License-Identifier: Apache-2.0
#include "tsdb/hash_tables.h"

#include <cstring>
#include <string>

#include "base/error.h"
#include "support/catch.h"
#include "support/temp_folder.h"

namespace mcore {
namespace {

std::uint64_t spread(std::uint64_t x) noexcept {
  x *= 0x9E37'79B9'7F4A'7C15U;
  return x ^ (x >> 29U);
}

/// Tables in a file, as the shared head has them.
struct Tables {
  TempFolder folder;
  MappedArena arena = MappedArena::create(folder / "tables", 4096, {});
  std::uint64_t end = 0;
  std::uint64_t touched = 0;
  HashTablesInfo info{};

  void insert(std::uint64_t hash, std::uint32_t value) { insert_in_tables(arena, end, touched, info, hash, value); }
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash, std::uint32_t value) const {
    return find_in_tables(arena, info, hash, [value](std::uint32_t found) { return found == value; });
  }
};

TEST_CASE("a growing table finds everything that was put into it", "[tsdb][head]") {
  GrowingHashTable table;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    table.insert(spread(i), i);
  }
  for (std::uint32_t i = 0; i < 5000; ++i) {
    REQUIRE(table.find(spread(i), [i](std::uint32_t found) { return found == i; }) == i);
  }
  CHECK_FALSE(table.find(spread(5000), [](std::uint32_t) { return true; }).has_value());
}

TEST_CASE("values under one tag are told apart by who asks", "[tsdb][head]") {
  const std::uint64_t hash = 0xABCD'EF01'0000'0000U;
  Tables tables;
  GrowingHashTable growing;
  for (const std::uint32_t value : {7U, 8U, 9U}) {
    tables.insert(hash | value, value);  // the low half of a hash counts for nothing
    growing.insert(hash | value, value);
  }
  for (const std::uint32_t value : {7U, 8U, 9U}) {
    CHECK(tables.find(hash, value) == value);
    CHECK(growing.find(hash, [value](std::uint32_t found) { return found == value; }) == value);
  }
  CHECK_FALSE(tables.find(hash, 10).has_value());
}

TEST_CASE("tags at the end of a table go on at its beginning", "[tsdb][head]") {
  Tables tables;
  for (std::uint32_t value = 0; value < 100; ++value) {
    tables.insert(0xFFFF'FFFF'0000'0000U, value);
  }
  CHECK(tables.find(0xFFFF'FFFF'0000'0000U, 99) == 99U);
  CHECK(tables.info.count == 1);
}

TEST_CASE("a table that is five eighths full is followed by one of twice its size", "[tsdb][head]") {
  Tables tables;
  for (std::uint32_t i = 0; i < 640; ++i) {
    tables.insert(spread(i), i);
  }
  REQUIRE(tables.info.count == 1);
  CHECK(tables.info.table[0].slots_log2 == 10);
  CHECK(tables.info.table[0].used == 640);
  CHECK(tables.end == 8192);
  tables.insert(spread(640), 640);
  REQUIRE(tables.info.count == 2);
  CHECK(tables.info.table[1].slots_log2 == 11);
  CHECK(tables.info.table[1].used == 1);
  CHECK(tables.end == 8192 + 16384);
  for (std::uint32_t i = 0; i <= 640; ++i) {
    REQUIRE(tables.find(spread(i), i) == i);
  }
}

TEST_CASE("a table built in memory lies in the arena as it is and is added to behind", "[tsdb][head]") {
  GrowingHashTable built;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    built.insert(spread(i), i);
  }
  Tables tables;
  built.place(tables.arena, tables.end, tables.info);
  tables.touched = tables.end;
  REQUIRE(tables.info.count == 1);
  CHECK(tables.info.table[0].slots_log2 == 11);
  for (std::uint32_t i = 1000; i < 1281; ++i) {
    tables.insert(spread(i), i);
  }
  CHECK(tables.info.count == 2);
  CHECK(tables.info.table[1].slots_log2 == 12);
  for (std::uint32_t i = 0; i < 1281; ++i) {
    REQUIRE(tables.find(spread(i), i) == i);
  }
}

TEST_CASE("what a killed writer left in a table is passed over", "[tsdb][head]") {
  Tables tables;
  tables.insert(spread(1), 1);
  const HashTablesInfo published = tables.info;
  tables.insert(spread(2), 2);  // of a commit that never was
  tables.info = published;
  tables.insert(spread(3), 2);  // the next commit gives its number away again
  const auto is_two = [](std::uint32_t value) { return value == 2; };
  CHECK(find_in_tables(tables.arena, tables.info, spread(3), is_two) == 2U);
  CHECK_FALSE(find_in_tables(tables.arena, tables.info, spread(2), [](std::uint32_t) { return false; }).has_value());
  CHECK(tables.info.table[0].used == 2);
}

TEST_CASE("a table that killed writers have filled up is followed by another", "[tsdb][head]") {
  Tables tables;
  tables.insert(spread(0), 0);
  const HashTablesInfo published = tables.info;
  for (std::uint32_t i = 1; i < 1024; ++i) {
    tables.insert(spread(i), i);
    tables.info = published;
  }
  CHECK(tables.find(spread(1023), 1023) == 1023U);
  tables.insert(spread(1024), 1024);
  CHECK(tables.info.count == 2);
  CHECK(tables.find(spread(1024), 1024) == 1024U);
  CHECK_FALSE(tables.find(spread(4711), 4711).has_value());  // and looking into a full one comes to an end
}

TEST_CASE("a table begun by a killed writer is begun again with nothing in it", "[tsdb][head]") {
  Tables tables;
  for (std::uint32_t i = 0; i < 640; ++i) {
    tables.insert(spread(i), i);
  }
  const HashTablesInfo published = tables.info;
  const std::uint64_t end = tables.end;
  for (std::uint32_t i = 640; i < 1000; ++i) {
    tables.insert(spread(i), i);
  }
  tables.info = published;
  tables.end = end;
  CHECK(tables.touched == 8192 + 16384);
  tables.insert(spread(640), 640);
  CHECK_FALSE(tables.find(spread(700), 700).has_value());
  CHECK(tables.find(spread(640), 640) == 640U);
}

TEST_CASE("more tables than there is room for are refused", "[tsdb][head]") {
  Tables tables;
  tables.info.count = HashTablesInfo::kMost;
  tables.info.table[HashTablesInfo::kMost - 1] = {.offset = 0, .slots_log2 = 3, .used = 5};
  CHECK_THROWS_WITH(tables.insert(spread(1), 1), "grow head: tables: too many series");
}

}  // namespace
}  // namespace mcore
