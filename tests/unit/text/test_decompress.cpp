// SPDX-License-Identifier: Apache-2.0
#include "text/decompress.h"

#include <libdeflate.h>

#include "support/catch.h"

namespace mcore {
namespace {

std::string gzipped(const std::string& text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

TEST_CASE("gunzip gives back what was zipped, in one member or several", "[text][decompress]") {
  for (const std::size_t size : {0U, 1U, 1000U, 1'000'000U}) {
    const std::string text(size, 'x');
    std::string out = "kept ";
    REQUIRE(gunzip(gzipped(text), out, SIZE_MAX).ok());
    CHECK(out == "kept " + text);
  }
  std::string out;
  REQUIRE(gunzip(gzipped("one ") + gzipped("two ") + gzipped(std::string(200'000, 'z')), out, SIZE_MAX).ok());
  CHECK(out == "one two " + std::string(200'000, 'z'));
}

TEST_CASE("gunzip refuses what is no whole gzip and keeps nothing of it", "[text][decompress]") {
  const std::string good = gzipped("a text that is long enough to be cut");
  std::string flipped = good;
  flipped[good.size() - 6] ^= 1;
  for (const std::string& bad :
       {std::string(), std::string("plain text, no gzip at all"), good.substr(0, good.size() - 1),
        good.substr(0, good.size() / 2), good + "junk behind the end", flipped}) {
    std::string out = "kept";
    CHECK_FALSE(gunzip(bad, out, SIZE_MAX).ok());
    CHECK(out == "kept");
  }
}

TEST_CASE("gunzip stops at the limit, whatever the trailer promises", "[text][decompress]") {
  const std::string bomb = gzipped(std::string(50'000'000, '\0'));
  std::string out;
  const auto made = gunzip(bomb, out, 1'000'000);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().kind() == ErrorKind::kLimit);
  CHECK(out.capacity() <= 2'100'000);
  std::string lying = gzipped("small");
  lying.replace(lying.size() - 4, 4, "\xff\xff\xff\x7f");
  CHECK_FALSE(gunzip(lying, out, SIZE_MAX).ok());
  CHECK(gunzip(gzipped(std::string(1000, 'x')), out, 1000).ok());
}

}  // namespace
}  // namespace mcore
