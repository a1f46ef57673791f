// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_input.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <zstd.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "support/catch.h"
#include "support/stream.h"

namespace mcore {
namespace {

using Lines = std::vector<std::string>;

std::string gzipped(const std::string& text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

std::string zstd_of(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string many_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "m{i=\"" + std::to_string(i) + "\"} " + std::to_string(i) + " 1700000000000\n";
  }
  return text;
}

TEST_CASE("a stream of Prometheus text is read line by line", "[ingest][stream]") {
  const StreamContent got = read_stream(
      "# HELP a_total What it \\n counts.\n# TYPE a_total counter\na_total{x=\"1\"} 5 1700000000123\n\n# a note\n"
      "a_total{x=\"2\"} 6\n  indented 7\n{\"dotted.name\",\"l.b\"=\"\xc3\xbc\"} NaN\n",
      {}, true);
  CHECK(got.faults.empty());
  CHECK(got.samples == Lines{"a_total{x=\"1\"} 5 @1700000000123 | a_total counter \"What it \n counts.\"",
                             "a_total{x=\"2\"} 6 @1000 | a_total counter \"What it \n counts.\"", "indented 7 @1000",
                             "{\"dotted.name\", \"l.b\"=\"\xc3\xbc\"} NaN @1000"});
  CHECK(got.batches == 1);
}

TEST_CASE("unreadable lines are reported with their number and left out", "[ingest][stream]") {
  const StreamContent got = read_stream(
      "a 1\nb x\n\nc 3\nd{x=\"open} 4\ne{y=\"5\"} 5\nf{x=\"1\",x=\"2\"} 6\n{} 7\n# TYPE g wrong\ng 8 soon\nh 9\n9h 9\n"
      "{\"i\xff\"} 9\nj{\"\xff\"=\"1\"} 9\n");
  CHECK(got.samples == Lines{"a 1 @1000", "c 3 @1000", "e{y=\"5\"} 5 @1000", "h 9 @1000"});
  CHECK(got.faults ==
        Lines{"2:3: expected a value, found \"x\"", "5: expected a label name or '}', found \"5\\\"}\"",
              "7: label name \"x\" is not unique in \"f\"", "8:1: the sample has no metric name",
              "9:10: \"wrong\" is no metric type; this format has counter, gauge, histogram, summary, untyped",
              "10:5: expected a timestamp in milliseconds or the end of the line, found \"soon\"",
              "12:1: expected a metric name, '{' or '#', found \"9h\"", "13: \"i\\xff\" is no metric name",
              "14: \"\\xff\" is no label name"});
}

TEST_CASE("a value that goes over the end of its line is refused, and the next line is read", "[ingest][stream]") {
  const StreamContent got = read_stream("a{x=\"1\n2\"} 1\nb 2\n");
  CHECK(got.samples == Lines{"b 2 @1000"});
  CHECK(got.faults == Lines{"1: a label value goes over the end of its line",
                            "2:1: expected a metric name, '{' or '#', found \"2\\\"}\""});
}

TEST_CASE("a last line without its newline is reported and left out", "[ingest][stream]") {
  StreamContent got = read_stream("a 1\nb 1");
  CHECK(got.samples == Lines{"a 1 @1000"});
  CHECK(got.faults == Lines{"2: the last line has no newline at its end; its writer seems to have died"});
  got = read_stream("a 1\n  ");
  CHECK(got.faults.empty());
  got = read_stream("# TYPE a gauge\na 1\n# EOF");
  CHECK(got.samples == Lines{"a 1 @1000"});
  CHECK(got.faults.empty());
  got = read_stream("# TYPE a unknown\na 1\n");
  CHECK(got.samples == Lines{"a 1 @1000"});
  CHECK(got.faults == Lines{"3: the stream does not end with \"# EOF\"; its writer seems to have died"});
}

TEST_CASE("OpenMetrics is read with its exemplars, units and times in seconds", "[ingest][stream]") {
  const StreamContent got = read_stream(
      "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Time.\n"
      "a_seconds_total 1 1700000000.25 # {trace_id=\"x\"} 0.5 1700000000.125\n# TYPE b gauge\nb 2 17\nb 3 \nb 4 5 6\n"
      "\nb 5\n# EOF\n",
      {}, true);
  CHECK(got.samples == Lines{"a_seconds_total 1 @1700000000250 # {trace_id=\"x\"} 0.5 @1700000000125 | a_seconds "
                             "counter \"Time.\" seconds",
                             "b 2 @17000 | b gauge", "b 5 @1000 | b gauge"});
  REQUIRE(got.faults.size() == 3);
  CHECK(got.faults[0] == "7:4: expected a metric name, '{' or '#', found \" \"");
  CHECK(got.faults[1] == "8:6: expected the end of the line or an exemplar after the timestamp, found \" \"");
  CHECK(got.faults[2] == "9:1: expected a metric name, '{' or '#', found the end of the line");
}

TEST_CASE("behind # EOF another stream may follow, in another format", "[ingest][stream]") {
  const std::string openmetrics = "# TYPE a counter\na_total 1 1700000000\n# EOF\n";
  const StreamContent got =
      read_stream(openmetrics + openmetrics + "# by hand\nb 2 1700000000000\n# EOF\n" + "{\"c.d\"} 3\n# EOF\n");
  CHECK(got.faults.empty());
  CHECK(got.samples ==
        Lines{"a_total 1 @1700000000000", "a_total 1 @1700000000000", "b 2 @1700000000000", "{\"c.d\"} 3 @1000"});
}

TEST_CASE("what was said about a family holds for the whole stream", "[ingest][stream]") {
  StreamInputOptions options;
  options.batch.samples = 2;
  const StreamContent got = read_stream(
      "# TYPE h histogram\n# HELP h Sizes.\nh_bucket{le=\"1\"} 1 1\nh_sum 2 1\n# TYPE g gauge\ng{le=\"1\"} 5 1\n"
      "h_bucket{le=\"1\"} 1 2\nh_count 3 2\nother 1 2\n",
      options, true);
  CHECK(got.faults.empty());
  CHECK(got.batches == 3);
  CHECK(got.samples == Lines{"h_bucket{le=\"1.0\"} 1 @1 | h histogram \"Sizes.\"",
                             "h_sum 2 @1 | h histogram \"Sizes.\"", "g{le=\"1\"} 5 @1 | g gauge",
                             "h_bucket{le=\"1.0\"} 1 @2 | h histogram \"Sizes.\"",
                             "h_count 3 @2 | h histogram \"Sizes.\"", "other 1 @2"});
}

TEST_CASE("batches are as large as they may be and no larger", "[ingest][stream]") {
  StreamInputOptions options;
  options.batch.samples = 1000;
  StreamContent got = read_stream(many_lines(2500), options);
  CHECK(got.batches == 3);
  REQUIRE(got.samples.size() == 2500);
  CHECK(got.samples.front() == "m{i=\"0\"} 0 @1700000000000");
  CHECK(got.samples.back() == "m{i=\"2499\"} 2499 @1700000000000");
  options.batch = {.samples = 1000, .label_bytes = 100};
  got = read_stream(many_lines(100), options);
  CHECK(got.samples.size() == 100);
  CHECK(got.batches > 10);
}

TEST_CASE("gzip and zstd are inflated, several members and of both kinds", "[ingest][stream]") {
  const std::string text = many_lines(200'000);  // more than any buffer
  for (const std::string& compressed :
       {gzipped(text), zstd_of(text), gzipped(text.substr(0, 1000)) + gzipped(text.substr(1000)),
        zstd_of(text.substr(0, 5000)) + gzipped(text.substr(5000, 10)) + zstd_of(text.substr(5010))}) {
    const StreamContent got = read_stream(compressed);
    CHECK(got.faults.empty());
    REQUIRE(got.samples.size() == 200'000);
    CHECK(got.samples.back() == "m{i=\"199999\"} 199999 @1700000000000");
  }
}

TEST_CASE("of a compressed stream that is damaged or cut off, all before that place is read", "[ingest][stream]") {
  for (const std::string& whole : {gzipped(many_lines(50'000)), zstd_of(many_lines(50'000))}) {
    StreamContent got = read_stream(whole.substr(0, whole.size() / 2));
    CHECK(got.samples.size() > 5000);
    REQUIRE_FALSE(got.faults.empty());
    CHECK(got.faults[0].ends_with("the compressed stream is cut off"));
    got = read_stream(whole + "junk behind the end");
    CHECK(got.samples.size() == 50'000);
    REQUIRE(got.faults.size() == 1);
    CHECK(got.faults[0].find("stream is damaged: ") != std::string::npos);
  }
}

TEST_CASE("a line beyond the limit is reported and passed over", "[ingest][stream]") {
  StreamInputOptions options;
  options.line_limit = 1 << 20;
  const StreamContent got = read_stream("a 1\nb{x=\"" + std::string(5 << 20, 'x') + "\"} 1\nc 3\nd x\n", options);
  CHECK(got.samples == Lines{"a 1 @1000", "c 3 @1000"});
  CHECK(got.faults ==
        Lines{"2: the line is longer than the limit of 1048576 bytes", "4:3: expected a value, found \"x\""});
}

TEST_CASE("the protobuf exposition is read message by message", "[ingest][stream]") {
  const std::string gauge("\x1a\x0a\x02up\x12\x02Up\x18\x01\x22\x0e\x12\x09\x09\0\0\0\0\0\0\xf0\x3f\x30\x88\x27", 27);
  const std::string bad(
      "\x0a\x0a\x02"
      "b\xff\x18\x01\x22\x02\x12\0",
      11);
  StreamContent got = read_stream(gauge + gauge + bad + gauge, {}, true);
  CHECK(got.samples ==
        Lines{"up 1 @5000 | up gauge \"Up\"", "up 1 @5000 | up gauge \"Up\"", "up 1 @5000 | up gauge \"Up\""});
  CHECK(got.faults == Lines{"byte 54: invalid metric name \"b\\xff\""});
  got = read_stream(gauge + gauge.substr(0, 20));
  CHECK(got.samples.size() == 1);
  CHECK(got.faults == Lines{"byte 27: the last message is cut off after 20 bytes; its writer seems to have died"});
  got = read_stream(gauge + std::string("\xff\xff\xff\xff\xff\x01", 6) + gauge);
  CHECK(got.samples.size() == 1);
  CHECK(got.faults == Lines{"byte 27: a message of more than 67108864 bytes: the stream is damaged"});
  StreamInputOptions one;
  one.batch.samples = 1;
  got = read_stream(gauge + gauge, one);
  CHECK(got.batches == 2);
}

TEST_CASE("JSON lines are read series by series", "[ingest][stream]") {
  const std::string line = R"({"metric":{"__name__":"m","j":"x"},"values":[1,null,3],"timestamps":[10,20,30]})";
  StreamInputOptions options;
  options.batch.samples = 2;
  StreamContent got =
      read_stream(line + "\n\n{\"metric\":{\"a\":\"1\"},\"values\":[1],\"timestamps\":[1]}\n{\"x\"\n" + line, options);
  const Lines samples{"m{j=\"x\"} 1 @10", "m{j=\"x\"} NaN @20", "m{j=\"x\"} 3 @30"};
  Lines twice = samples;
  twice.insert(twice.end(), samples.begin(), samples.end());
  CHECK(got.samples == twice);
  CHECK(got.batches == 3);
  CHECK(got.faults == Lines{"3: the sample has no metric name", "4:5: expected ':', found the end"});
  got = read_stream(line + "\n" + line.substr(0, line.size() - 1));
  CHECK(got.samples == samples);
  CHECK(got.faults == Lines{"2: the last line is not whole; its writer seems to have died"});
}

TEST_CASE("CSV is read with a column map", "[ingest][stream]") {
  StreamInputOptions options;
  options.csv_columns = parse_csv_columns("2:metric:ask,3:metric:bid,1:label:ticker,4:time:unix_s").value_or_throw();
  const StreamContent got = read_stream(
      "ticker,ask,bid,at\nGOOG,1.23,4.56,1560904149\r\n\"A,B\", 1 ,,1560904150.5\nX,one,2,3\nX,1,2\nX,1,2,soon\n"
      "\n\"X\"Y,1,2,3\nZ,,,7\n,1,2,8\nlast,1,2,3",
      options);
  CHECK(got.samples == Lines{"ask{ticker=\"GOOG\"} 1.23 @1560904149000", "bid{ticker=\"GOOG\"} 4.56 @1560904149000",
                             "ask{ticker=\"A,B\"} 1 @1560904150500", "ask 1 @8000", "bid 2 @8000"});
  CHECK(got.faults == Lines{"4: column 2: \"one\" is no number", "5: the row has 3 columns, and column 4 is asked for",
                            "6: column 4: \"soon\" is no time as asked for",
                            "8: expected ',' or the end of the line behind a closing quote, found \"Y\"",
                            "11: the last line has no newline at its end; its writer seems to have died"});
}

TEST_CASE("CSV without a column map says in its header what it is", "[ingest][stream]") {
  StreamContent got = read_stream("\xEF\xBB\xBFmetric,job,time,value\nup,a,1000,1\nup,,2000,NaN\n,x,1,1\n");
  CHECK(got.samples == Lines{"up{job=\"a\"} 1 @1000", "up NaN @2000"});
  CHECK(got.faults == Lines{"4: the sample has no metric name"});
  StreamInputOptions options;
  options.format = StreamFormat::kCsv;
  CHECK_THROWS_AS(read_stream("a,b\n1,2\n", options), Error);
  options.csv_columns = parse_csv_columns("price:metric:price,when:time:rfc3339").value_or_throw();
  got = read_stream("when,price\n2023-11-14T22:13:20Z,5\n", options);
  CHECK(got.samples == Lines{"price 5 @1700000000000"});
  CHECK_THROWS_WITH(read_stream("when,cost\n", options), "read CSV: no column \"price\" in the header");
  options.csv_columns = parse_csv_columns("1:metric:a").value_or_throw();
  CHECK(read_stream("5\n\"6\n7\n", options).samples == Lines{"a 5 @1000", "a 7 @1000"});
}

TEST_CASE("a stream without end is handed out a second after its first line at the latest", "[ingest][stream]") {
  using std::chrono::milliseconds;
  const OpenPipe pipe;
  FixedClock clock(5000);
  StreamInputOptions options;
  options.batch_wait = milliseconds(200);
  StreamInput input(pipe.read_end.get(), "stdin", clock, options, {});
  SampleBatch batch;
  pipe.write("a 1\nb ");
  auto start = std::chrono::steady_clock::now();
  REQUIRE(input.next(batch));
  auto took = std::chrono::steady_clock::now() - start;
  CHECK(batch_lines(batch) == Lines{"a 1 @5000"});
  CHECK(took >= milliseconds(190));
  CHECK(took < milliseconds(2000));
  pipe.write("2\n");
  clock.set_ms(6000);
  REQUIRE(input.next(batch));
  CHECK(batch_lines(batch) == Lines{"b 2 @6000"});
}

TEST_CASE("what comes after a pause has a later time", "[ingest][stream]") {
  const OpenPipe pipe;
  FixedClock clock(5000);
  StreamInputOptions options;
  options.format = StreamFormat::kPrometheusText;
  StreamInput input(pipe.read_end.get(), "stdin", clock, options, {});
  pipe.write("a 1\n");
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    clock.set_ms(5100);
    pipe.write("a 2\n");
  });
  SampleBatch batch;
  REQUIRE(input.next(batch));
  later.join();
  CHECK(batch_lines(batch) == Lines{"a 1 @5000", "a 2 @5100"});
}

TEST_CASE("lines that wait for others to tell the format keep the time of their coming", "[ingest][stream]") {
  const OpenPipe pipe;
  FixedClock clock(5000);
  StreamInput input(pipe.read_end.get(), "stdin", clock, {}, {});
  std::thread writer([&] {
    for (const std::int64_t t_ms : {5000, 5100, 5200}) {
      clock.set_ms(t_ms);
      pipe.write(t_ms == 5000 ? "a 1\na " : t_ms == 5100 ? "2\n" : "a 3\n# TYPE a gauge\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  SampleBatch batch;
  REQUIRE(input.next(batch));
  writer.join();
  CHECK(batch_lines(batch) == Lines{"a 1 @5000", "a 2 @5100", "a 3 @5200"});
}

TEST_CASE("a stream that is told to stop hands out what it has", "[ingest][stream]") {
  const OpenPipe pipe;
  const FixedClock clock(5000);
  std::atomic<bool> stop{false};
  StreamInputOptions options;
  options.batch_wait = std::chrono::milliseconds(60'000);
  options.stop = [&stop] { return stop.load(); };
  StreamContent content;
  StreamInput input(pipe.read_end.get(), "stdin", clock, options,
                    [&content](const StreamFault& fault) { content.faults.push_back(fault.text()); });
  pipe.write("a 1\nb ");
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop = true;
  });
  SampleBatch batch;
  const auto start = std::chrono::steady_clock::now();
  CHECK(input.next(batch));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(5000));
  later.join();
  CHECK(batch_lines(batch) == Lines{"a 1 @5000"});
  CHECK_FALSE(input.next(batch));
  CHECK(content.faults.empty());
}

TEST_CASE("of a file the end is looked at first", "[ingest][stream]") {
  char path[] = "/tmp/stream-input-XXXXXX";
  const Fd file(::mkstemp(path));
  ::unlink(path);
  std::string text = "# TYPE g gauge\n";
  while (text.size() < 3'000'000) {
    text += "g 1 1700000000\n";  // nothing but the end says that these are seconds
  }
  text += "# by nobody\n# EOF\n";
  REQUIRE(write_all(file.get(), text) == 0);
  ::lseek(file.get(), 0, SEEK_SET);
  const FixedClock clock(1);
  StreamContent content;
  StreamInput input(file.get(), path, clock, {},
                    [&content](const StreamFault& fault) { content.faults.push_back(fault.text()); });
  SampleBatch batch;
  REQUIRE(input.next(batch));
  CHECK(input.format() == StreamFormat::kOpenMetrics);
  CHECK(batch_lines(batch).front() == "g 1 @1700000000000");
  while (input.next(batch)) {
  }
  REQUIRE(content.faults.size() == 1);
}

TEST_CASE("a descriptor that cannot be read is an error with its name", "[ingest][stream]") {
  const FixedClock clock(1);
  const Fd folder(::open("/tmp", O_RDONLY | O_DIRECTORY));
  StreamInput input(folder.get(), "/tmp", clock, {}, {});
  SampleBatch batch;
  CHECK_THROWS_WITH(input.next(batch), "read: /tmp: Is a directory");
  const PipedBytes binary(
      std::string("\x7f"
                  "ELF\x02\x01\x01\0\0\0\0\0\0",
                  13));
  StreamInput elf(binary.fd(), "a.out", clock, {}, {});
  CHECK_THROWS_AS(elf.next(batch), Error);
}

}  // namespace
}  // namespace mcore
