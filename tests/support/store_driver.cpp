// SPDX-License-Identifier: Apache-2.0
// A program that works on a store for scripts/check-crashes: appends the batches of support/crash_workload.h, and
// checks what a store holds. Options are KEY=VALUE.
//
//   append store= start= writer= first= count=   appends batches; each is noted in acks= once it is acknowledged
//   burst  ... writer= first= count=             appends batches with one flush for all of them
//   text   start= writer= first=                 prints a batch as text, floats only
//   check  store= start= acks= tries=            1 if an acknowledged sample lacks, or one is there that nobody sent
//   watch  ... until=FILE                        checks until the file is there
//   retry  ... writer= first=                    check, append the batch, and compare the head with one that is rebuilt
//   hold   store= ready=FILE until=FILE          opens the store, and reads it when the second file is there
//   dump   store=                                all samples, a line each
//   loop   ... seconds=                          appends as fast as it can; prints "appends longest_ms mean_ms"
//   server FILE start= acks= tries=              checks answers of a server's query API, one JSON document after
//   another
//
// More: step= (ms), tries= (batches noted before they are sent), now= (ms), histograms=0, late=0, timeout= (ms),
// damage=1 (reported damage is no problem), foreign=1 (series of others are passed over), parts=1 (batches that were
// not acknowledged may be there in part). Exit: 0, 1 (a problem was found), 3 and 75 as the tools.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "support/crash_workload.h"
#include "tsdb/store_reader.h"
#include "tsdb/store_writer.h"

namespace mcore {
namespace {

class Options {
 public:
  Options(int argc, char** argv) {
    for (int i = 2; i < argc; ++i) {
      const std::string text = argv[i];
      const std::size_t equals = text.find('=');
      values_[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
    }
  }
  [[nodiscard]] std::string text(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second;
  }
  [[nodiscard]] std::int64_t number(const std::string& key, std::int64_t otherwise) const {
    const auto found = values_.find(key);
    return found == values_.end() ? otherwise : std::strtoll(found->second.c_str(), nullptr, 10);
  }
  [[nodiscard]] int integer(const std::string& key, int otherwise = 0) const {
    return static_cast<int>(number(key, otherwise));
  }
  [[nodiscard]] CrashPlan plan() const {
    return {.start_ms = number("start", 0),
            .step_ms = number("step", 15'000),
            .has_histograms = number("histograms", 1) != 0,
            .has_late = number("late", 1) != 0};
  }
  [[nodiscard]] StoreWriterOptions writer_options() const {
    StoreWriterOptions options;
    options.lock_timeout = std::chrono::milliseconds(number("timeout", 10'000));
    return options;
  }
  [[nodiscard]] std::int64_t now_ms() const { return number("now", SystemClock().now_ms()); }

 private:
  std::map<std::string, std::string> values_;
};

CrashCheck make_check(const Options& options) {
  CrashCheck check(options.plan(), read_crash_batches(options.text("acks")));
  if (options.number("foreign", 0) != 0) {
    check.ignore_foreign();
  }
  if (options.number("parts", 0) != 0) {
    check.allow_parts();
  }
  return check;
}

/// Notes a batch in a file that several processes write.
void note_batch(const std::string& path, int writer, int b) {
  if (path.empty()) {
    return;
  }
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  const std::string line = fmt::format("{} {}\n", writer, b);
  if (!file.is_open() || write_all(file.get(), line) != 0) {
    throw Error(ErrorKind::kIo, "note batch", path, errno_text(errno));
  }
}

/// Appends a batch without a word of it.
void send_batch(const Options& options, StoreWriter& writer, SampleBatch& batch, int who, int b) {
  fill_crash_batch(options.plan(), who, b, batch);
  note_batch(options.text("tries"), who, b);
  const AppendOutcome outcome = writer.append(batch);
  if (outcome.refused_total() > 0) {
    for (const std::string& example : outcome.example) {
      if (!example.empty()) {
        throw Error(ErrorKind::kCorrupt, "append", fmt::format("batch {} of writer {}", b, who), "refused " + example);
      }
    }
  }
}

void append_batch(const Options& options, StoreWriter& writer, SampleBatch& batch, int who, int b) {
  send_batch(options, writer, batch, who, b);
  note_batch(options.text("acks"), who, b);
}

int append(const Options& options) {
  const FixedClock clock(options.now_ms());
  StoreWriter writer(options.text("store"), clock, options.writer_options());
  SampleBatch batch;
  const int first = options.integer("first");
  const int end = first + options.integer("count", 1);
  for (int b = first; b < end; ++b) {
    append_batch(options, writer, batch, options.integer("writer"), b);
  }
  return 0;
}

/// All but the last without a flush; its flush is for them all.
int burst(const Options& options) {
  const FixedClock clock(options.now_ms());
  StoreWriterOptions loose = options.writer_options();
  loose.sync = false;
  StoreWriter writer(options.text("store"), clock, loose);
  StoreWriter last(options.text("store"), clock, options.writer_options());
  SampleBatch batch;
  const int first = options.integer("first");
  const int end = first + options.integer("count", 1);
  for (int b = first; b < end; ++b) {
    send_batch(options, b + 1 < end ? writer : last, batch, options.integer("writer"), b);
  }
  for (int b = first; b < end; ++b) {
    note_batch(options.text("acks"), options.integer("writer"), b);
  }
  return 0;
}

int print_text(const Options& options) {
  SampleBatch batch;
  CrashPlan plan = options.plan();
  plan.has_histograms = false;
  fill_crash_batch(plan, options.integer("writer"), options.integer("first"), batch);
  for (const BatchSample& sample : batch.samples()) {
    std::string labels = labels_text(batch.labels(sample));
    fmt::print("{} {} {}\n", labels, sample.value, sample.t_ms);
  }
  return 0;
}

int tell(const CrashCheck& check, const std::vector<std::string>& damages, const Options& options) {
  const bool counts_damage = options.number("damage", 0) == 0;
  for (const std::string& text : damages) {
    fmt::print("damage: {}\n", text);
  }
  for (const std::string& text : check.problems()) {
    fmt::print("{}\n", text);
  }
  if (check.problem_count() > check.problems().size()) {
    fmt::print("{} problems in all\n", check.problem_count());
  }
  if (options.number("verbose", 0) != 0) {
    fmt::print("{} samples checked\n", check.samples());
  }
  return check.problem_count() > 0 || (counts_damage && !damages.empty()) ? 1 : 0;
}

int check(const Options& options) {
  CrashCheck check = make_check(options);
  std::vector<std::string> damages;
  const std::string seen = check_store(options.text("store"), check, damages);
  check.finish(read_crash_batches(options.text("tries")));
  const int code = tell(check, damages, options);
  if (code != 0) {
    fmt::print("looked at: {}\n", seen);
  }
  return code;
}

int watch(const Options& options) {
  int checks = 0;
  while (!path_exists(options.text("until"))) {
    if (const int code = check(options); code != 0) {
      return code;
    }
    ++checks;
    std::this_thread::sleep_for(std::chrono::milliseconds(options.number("pause", 20)));
  }
  if (options.number("verbose", 0) != 0) {
    fmt::print("{} checks\n", checks);
  }
  return 0;
}

/// Opens the store, says so, and reads it only once it is told to.
int hold(const Options& options) {
  StoreReader reader(options.text("store"), {});
  const auto series = reader.select({}, {});
  std::ofstream(options.text("ready")) << "ready\n";
  while (!path_exists(options.text("until"))) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  SeriesSamples samples;
  std::size_t count = 0;
  while (series->next()) {
    series->samples(samples);
    count += samples.size();
  }
  fmt::print("{} samples\n", count);
  return 0;
}

/// The store as a head that is rebuilt from its logs shows it; the head that is there comes back to its place.
std::string dump_rebuilt(const std::string& store, const std::string& aside) {
  if (std::rename((store + "/head").c_str(), aside.c_str()) != 0) {
    throw Error(ErrorKind::kIo, "rename", store + "/head", errno_text(errno));
  }
  std::string text = dump_store(store);
  if (std::rename(aside.c_str(), (store + "/head").c_str()) != 0) {
    throw Error(ErrorKind::kIo, "rename", aside, errno_text(errno));
  }
  return text;
}

int retry(const Options& options) {
  const bool is_begun = is_store(options.text("store")) || path_exists(options.text("acks"));
  if (const int code = is_begun ? check(options) : 0; code != 0) {
    fmt::print("that was before the next append\n");
    return code;
  }
  if (const int code = append(options); code != 0) {
    return code;
  }
  if (const int code = check(options); code != 0) {
    fmt::print("that was after the next append\n");
    return code;
  }
  const std::string store = options.text("store");
  const std::string shown = dump_store(store);
  const std::string rebuilt = dump_rebuilt(store, store + "/head.aside");
  if (shown == rebuilt) {
    return 0;
  }
  fmt::print("the head differs from one that is rebuilt: {} and {} bytes\n", shown.size(), rebuilt.size());
  if (const std::string keep = options.text("keep"); !keep.empty()) {
    std::ofstream(keep + ".head") << shown;
    std::ofstream(keep + ".rebuilt") << rebuilt;
  }
  return 1;
}

int loop(const Options& options) {
  using Clock = std::chrono::steady_clock;
  const FixedClock clock(options.now_ms());
  SampleBatch batch;
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::milliseconds(options.number("seconds", 5) * 1000);
  Clock::duration longest{};
  int b = options.integer("first");
  const int first = b;
  std::optional<StoreWriter> writer;
  auto now = begin;
  for (; now < end; ++b) {
    const auto before = now;
    if (!writer.has_value() || options.number("reopen", 1) != 0) {
      writer.emplace(options.text("store"), clock, options.writer_options());
    }
    append_batch(options, *writer, batch, options.integer("writer"), b);
    now = Clock::now();
    longest = std::max(longest, now - before);
  }
  const auto ms = [](Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  fmt::print("{} {:.1f} {:.1f}\n", b - first, ms(longest), ms(now - begin) / (b - first));
  return 0;
}

/// One answer of /api/v1/query with a range selector.
void check_answer(const nlohmann::json& answer, CrashCheck& check) {
  if (answer.at("status") != "success") {
    throw Error(ErrorKind::kIo, "query server", "", answer.value("error", "failed"));
  }
  LabelBuilder builder;
  for (const auto& series : answer.at("data").at("result")) {
    builder.clear();
    const auto metric = series.at("metric").get<std::map<std::string, std::string>>();
    for (const auto& [name, value] : metric) {
      builder.add(name, value);
    }
    const LabelSet labels(builder.build());
    const auto time_of = [](const nlohmann::json& at) {
      return static_cast<std::int64_t>(at.get<double>() * 1000 + 0.5);
    };
    const auto number_of = [](const nlohmann::json& at) { return std::strtod(at.get<std::string>().c_str(), nullptr); };
    for (const auto& point : series.value("values", nlohmann::json::array())) {
      check.sample(labels.view(), time_of(point.at(0)), number_of(point.at(1)), false);
    }
    for (const auto& point : series.value("histograms", nlohmann::json::array())) {
      check.sample(labels.view(), time_of(point.at(0)), number_of(point.at(1).at("sum")), true);
    }
  }
}

int check_server(const Options& options, const std::string& file) {
  CrashCheck check = make_check(options);
  std::ifstream in(file);
  for (in >> std::ws; in.good() && in.peek() != EOF; in >> std::ws) {
    nlohmann::json answer;
    in >> answer;
    check_answer(answer, check);
  }
  check.finish(read_crash_batches(options.text("tries")));
  return tell(check, {}, options);
}

int run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const Options options(argc, argv);
  if (mode == "append") {
    return append(options);
  }
  if (mode == "burst") {
    return burst(options);
  }
  if (mode == "text") {
    return print_text(options);
  }
  if (mode == "check") {
    return check(options);
  }
  if (mode == "watch") {
    return watch(options);
  }
  if (mode == "retry") {
    return retry(options);
  }
  if (mode == "hold") {
    return hold(options);
  }
  if (mode == "dump") {
    fmt::print("{}", dump_store(options.text("store")));
    return 0;
  }
  if (mode == "loop") {
    return loop(options);
  }
  if (mode == "server") {
    return check_server(options, argv[2]);
  }
  fmt::print(stderr, "store_driver: no such mode: {}\n", mode);
  return 2;
}

}  // namespace
}  // namespace mcore

int main(int argc, char** argv) {
  mcore::guard_mappings("store_driver");
  try {
    return mcore::run(argc, argv);
  } catch (const mcore::Error& error) {
    std::fprintf(stderr, "store_driver: %s\n", error.what());
    return error.kind() == mcore::ErrorKind::kBusy ? 75 : error.kind() == mcore::ErrorKind::kUsage ? 2 : 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "store_driver: %s\n", error.what());
    return 4;
  }
}
