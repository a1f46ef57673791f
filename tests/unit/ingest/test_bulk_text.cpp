// SPDX-License-Identifier: Apache-2.0
#include "ingest/bulk_text.h"

#include <string>
#include <vector>

#include "support/bulk_lines.h"
#include "support/catch.h"
#include "support/stream.h"

namespace mcore {
namespace {

BulkLines carefully(const std::string& text) {
  const PipedBytes pipe(text);
  BulkLines lines;
  read_lines(pipe.fd(), lines, nullptr);
  return lines;
}

BulkLines in_bulk(const std::string& text, std::uint64_t epoch_every = 0) {
  const PipedBytes pipe(text);
  BulkLines lines;
  LinesSink sink(lines, epoch_every);
  read_lines(pipe.fd(), lines, &sink);
  return lines;
}

/// The lines of faults. What is wrong with a quote that is not closed is told by what stands behind its line, which
/// bulk reading does not look at.
std::vector<std::string> places(const std::vector<std::string>& faults) {
  std::vector<std::string> lines;
  for (const std::string& fault : faults) {
    lines.push_back(fault.substr(0, fault.find(':')));
  }
  return lines;
}

void check_same(const std::string& text, std::uint64_t epoch_every = 0) {
  const BulkLines quick = in_bulk(text, epoch_every);
  const BulkLines careful = carefully(text);
  CHECK(quick.samples == careful.samples);
  CHECK(places(quick.faults) == places(careful.faults));
}

/// A line for each of many scrapes, so that what is at hand ends far behind the lines of interest.
std::string filler() {
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += "filler 0 17000000" + std::to_string(100 + i) + "00\n";
  }
  return text;
}

TEST_CASE("lines of known series are read quickly", "[ingest][bulk]") {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    for (const std::string name : {"a{x=\"1\"}", "a{x=\"2\"}", "b"}) {
      text += name + " " + std::to_string(i) + ".5 " + std::to_string(1'700'000'000'000 + i * 15'000) + "\n";
    }
  }
  const BulkLines lines = in_bulk(text);
  CHECK(lines.samples.size() == 300);
  CHECK(lines.samples[299] == "b 99.5 @1700001485000");
  CHECK(lines.faults.empty());
  CHECK(lines.quick >= 290);  // not the first of each series, and not the end of the stream
  check_same(text);
}

TEST_CASE("times of OpenMetrics are cut to milliseconds as the careful reader does", "[ingest][bulk]") {
  const std::string text =
      "a 0 1700000000.001\na 1 1700000000.001\na 2 1700000000.0019\na 3 1700000000.29\na 4 1700000000.999999\n"
      "a 5 1700000001\na 6 1700000001.000\na 7 1.7e9\na 8 1700000001.\na 9 17000000012.5\na 10 -1700000000.5\n"
      "a 11 1700000002.57 \na 12 1700000002.58 # {x=\"y\"} 1\n# TYPE b gauge\nb 1 1700000003.123\n# EOF\n";
  const BulkLines lines = in_bulk(text);
  check_same(text);
  CHECK(lines.samples[2] == "a 2 @1700000000001");
  CHECK(lines.samples[3] == "a 3 @1700000000290");
}

TEST_CASE("bulk reading finds what careful reading finds", "[ingest][bulk]") {
  const std::string text = GENERATE(
      as<std::string>(),
      // Values of every kind.
      "a 1 1700000000000\na -1 1700000000000\na 1e3 1700000000000\na NaN 1700000000000\na +Inf 1700000000000\n"
      "a -inf 1700000000000\na 0x1p3 1700000000000\na 1_0 1700000000000\na  1700000000000\na 1e999 1700000000000\n"
      "a 123456789012345678901234567890 1700000000000\na 0.1 1700000000000\na 1.7976931348623157e308 1700000000000\n"
      "a -0 1700000000000\n",
      // Times of every kind.
      "a 1 1700000000000\na 1\na 1 1\na 1 12345678\na 1 123456789\na 1 -1700000000000\na 1 1700000000000 \n"
      "a 1  1700000000000\na 1\t1700000000000\na 1 1700000000000 x\na 1 1700000000000.5\na 1 9223372036854775807\n"
      "a 1 9223372036854775808\na 1 99999999999999999999\n",
      // Blanks, quotes and braces in odd places.
      "a {x=\"1\"} 1 1700000000000\na 2 1700000000000\na {x=\"1\"} 3 1700000000000\na{x=\"1\" } 4 1700000000000\n"
      "a{x=\"1\",} 5 1700000000000\na{x=\"1\",} 6 1700000000000\n a 7 1700000000000\n\ta 8 1700000000000\n"
      "a{x=\"}\"} 9 1700000000000\na{x=\"}\"} 10 1700000000000\na{x=\"\\\"} 1\"} 11 1700000000000\n"
      "a{x=\"\\\"} 1\"} 12 1700000000000\na{x=\"y} 13 1700000000000\na{x=\"1\"}14 1700000000000\n",
      // Names that are not plain, and labels twice.
      "{\"a.b\"} 1 1700000000000\n{\"a.b\"} 2 1700000000000\n{\"a.b\",\"c.d\"=\"e\"} 3 1700000000000\n"
      "{\"a.b\",\"c.d\"=\"e\"} 4 1700000000000\na{x=\"1\",x=\"2\"} 5 1700000000000\na{x=\"1\",x=\"2\"} 6 "
      "1700000000000\n{x=\"1\"} 7 1700000000000\na{} 8 1700000000000\na{} 9 1700000000000\na{x=\"\"} 1 "
      "1700000000000\na{x=\"\"} 2 1700000000000\n{} 3 1700000000000\n",
      // One label set in two spellings.
      "a{x=\"1\",y=\"2\"} 1 1700000000000\na{y=\"2\",x=\"1\"} 2 1700000015000\na{x=\"1\",y=\"2\"} 3 1700000030000\n"
      "a{y=\"2\",x=\"1\"} 4 1700000045000\n");
  check_same(text);
  check_same(text + filler());
  check_same(text + filler() + text + filler());
}

TEST_CASE("what a series' text means depends on the types before it", "[ingest][bulk]") {
  const std::string bucket = "h_bucket{le=\"1\"} 1 1700000000000\nh_bucket{le=\"1\"} 2 1700000015000\n";
  const std::string quantile = "s{quantile=\"1\"} 1 1700000000000\ns{quantile=\"1\"} 2 1700000015000\n";
  const std::string text = GENERATE_COPY(
      as<std::string>(), "# TYPE h histogram\n" + bucket + bucket, bucket + "# TYPE h histogram\n" + bucket,
      "# TYPE h gauge\n" + bucket + "# TYPE h histogram\n" + bucket + "# TYPE h gauge\n" + bucket,
      quantile + "# TYPE s summary\n" + quantile + "# TYPE s summary\n" + quantile + "# TYPE s gauge\n" + quantile,
      bucket + "# TYPE h-x histogram\n" + bucket, bucket + "#\tTYPE  h\thistogram\n" + bucket,
      bucket + "  # TYPE h histogram\n" + bucket,
      "# TYPE h histogram\n" + bucket + "# HELP h_bucket One\n" + bucket + "# TYPE h histogram\n" + bucket,
      "# HELP h_bucket One\n# TYPE h histogram\n" + bucket + "# HELP h_bucket One\n" + bucket,
      "# HELP h One\n# TYPE h histogram\n" + bucket + "# HELP h Two\n# TYPE h histogram\n" + bucket);
  const std::string whole = filler() + text + filler();
  check_same(whole);
}

TEST_CASE("comments that say nothing new are passed over quickly", "[ingest][bulk]") {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    const std::string t = " " + std::to_string(1'700'000'000'000 + i * 15'000) + "\n";
    text += "# HELP a What it is.\n# TYPE a counter\na 1" + t + "# TYPE h histogram\nh_bucket{le=\"5\"} 2" + t +
            "# scrape " + std::to_string(i) + "\n";
  }
  const BulkLines lines = in_bulk(text);
  check_same(text);
  CHECK(lines.quick >= 90);
  CHECK(lines.samples[1] == "h_bucket{le=\"5.0\"} 2 @1700000000000");
}

TEST_CASE("streams one behind the other are read in bulk, each in its format", "[ingest][bulk]") {
  std::string text = "# TYPE a gauge\na 1 1700000000\na 2 1700000015.000\n# EOF\n";
  text += "# TYPE a gauge\na 1 1700000030.000\na 2 1700000045.000\n# EOF\n";
  check_same(text);
  CHECK(in_bulk(text).samples.size() == 4);
  SECTION("the last one cut off") {
    text += "# TYPE a gauge\na 1 1700000060.000\na 2 170000";
    check_same(text);
    CHECK(in_bulk(text).faults.size() == 1);
  }
}

TEST_CASE("series numbers that became void are not used again", "[ingest][bulk]") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += "m{i=\"" + std::to_string(i % 7) + "\"} " + std::to_string(i) + " " +
            std::to_string(1'700'000'000'000 + i * 1000) + "\n";
  }
  check_same(text, 1);
}

TEST_CASE("known lines are forgotten when they become too many, but not while they are in use", "[ingest][bulk]") {
  KnownLines known;
  const std::string text(200'000, 'x');
  std::uint64_t lines = 0;
  for (int i = 0; !known.is_full(); ++i) {
    known.add(text + std::to_string(i), 1);
    ++lines;
  }
  CHECK_FALSE(known.make_room(lines));  // each was read once
  CHECK_FALSE(known.is_full());
  CHECK(known.find(text + "0") != nullptr);
  CHECK(known.make_room(lines * 100));
  CHECK(known.find(text + "0") == nullptr);
}

}  // namespace
}  // namespace mcore
