// SPDX-License-Identifier: Apache-2.0
// Every recorded exposition, read as one scrape, must end as it ended in the real server: the same verdict, the same
// counts, the same series, metadata and exemplars.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/number_text.h"
#include "model/duration.h"
#include "scrape/scrape_pass.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "text/decompress.h"

namespace mcore {
namespace {

using Json = nlohmann::json;
constexpr std::int64_t kNowMs = 1'760'000'000'000;  // any time behind the recordings

/// Impossible histogram schemas, which the recording server took and then broke on: they are to be refused.
const std::set<std::string> kRefusedHere = {"p-native-schema-9", "p-native-schema-20"};

ScrapeOptions options_of(const Json& config) {
  ScrapeOptions options;
  options.native_histograms = true;  // as the recording server was configured
  options.honor_labels = config.value("honor_labels", false);
  options.honor_timestamps = config.value("honor_timestamps", true);
  options.always_classic_histograms = config.value("always_scrape_classic_histograms", false);
  options.convert_classic_to_nhcb = config.value("convert_classic_histograms_to_nhcb", false);
  options.sample_limit = config.value("sample_limit", 0);
  options.label_limit = config.value("label_limit", 0);
  options.label_name_length_limit = config.value("label_name_length_limit", 0);
  options.label_value_length_limit = config.value("label_value_length_limit", 0);
  options.native_histogram_bucket_limit = config.value("native_histogram_bucket_limit", 0);
  options.legacy_names = config.value("metric_name_validation_scheme", "utf8") == "legacy";
  options.body_size_limit = parse_byte_size(config.value("body_size_limit", "0")).value();
  if (config.contains("fallback_scrape_protocol")) {
    options.fallback_protocol = scrape_protocol_by_name(config["fallback_scrape_protocol"].get<std::string>());
  }
  return options;
}

std::string text_of(const Json& labels) {
  LabelBuilder builder;
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, value] : labels.items()) {
    all.emplace_back(name, value.get<std::string>());
  }
  for (const auto& [name, value] : all) {
    builder.add(name, value);
  }
  return labels_text(builder.build());
}

double number(const Json& text) {
  double value = 0;
  REQUIRE(parse_float(text.get<std::string>(), value) == FloatStatus::kOk);
  return value;
}

/// One line a sample: labels, then the float, or a histogram's count, sum and the counts of its buckets.
std::string sample_line(const std::string& labels, const Json& sample) {
  if (!sample.contains("histogram")) {
    return fmt::format("{} {}", labels, float_text(number(sample["value"])));
  }
  const Json& histogram = sample["histogram"];
  std::string line = fmt::format("{} count {} sum {}", labels, float_text(number(histogram["count"])),
                                 float_text(number(histogram["sum"])));
  std::string buckets;
  for (const Json& bucket : histogram.value("buckets", Json::array())) {
    buckets += " " + float_text(number(bucket[3]));
  }
  return line + buckets;
}

std::string sample_line(const SampleBatch& batch, const BatchSample& sample) {
  const std::string labels = labels_text(batch.labels(sample));
  const Histogram* const histogram = batch.histogram(sample);
  if (histogram == nullptr) {
    return fmt::format("{} {}", labels, float_text(sample.value));
  }
  std::string line =
      fmt::format("{} count {} sum {}", labels, float_text(histogram->count), float_text(histogram->sum));
  const auto add = [&](double count) {
    if (count != 0) {
      line += " " + float_text(count);
    }
  };
  std::for_each(histogram->negative_counts.rbegin(), histogram->negative_counts.rend(), add);
  add(histogram->zero_count);
  std::ranges::for_each(histogram->positive_counts, add);
  return line;
}

std::string time_text(const Json& object) {
  const bool given = object.contains("timestamp") && object["timestamp"].is_number();
  return given ? fmt::format(" @{}", std::llround(object["timestamp"].get<double>() * 1000)) : "";
}

std::multiset<std::string> wanted_samples(const Json& series) {
  std::multiset<std::string> lines;
  for (const Json& one : series) {
    lines.insert(sample_line(text_of(one["labels"]), one) + time_text(one));
  }
  return lines;
}

std::multiset<std::string> found_samples(const SampleBatch& batch) {
  std::multiset<std::string> lines;
  for (const BatchSample& sample : batch.samples()) {
    lines.insert(sample_line(batch, sample) + (sample.t_ms == kNowMs ? "" : fmt::format(" @{}", sample.t_ms)));
  }
  return lines;
}

std::multiset<std::string> wanted_exemplars(const Json& all) {
  std::multiset<std::string> lines;
  for (const Json& series : all) {
    for (const Json& one : series["exemplars"]) {
      lines.insert(text_of(series["labels"]) + " # " + text_of(one["labels"]) + " " + float_text(number(one["value"])) +
                   time_text(one));
    }
  }
  return lines;
}

std::multiset<std::string> found_exemplars(const SampleBatch& batch) {
  std::multiset<std::string> lines;
  for (const BatchSample& sample : batch.samples()) {
    for (const Exemplar& one : batch.exemplars(sample)) {
      const std::int64_t t_ms = one.timestamp_ms.value_or(kNowMs);
      lines.insert(labels_text(batch.labels(sample)) + " # " + labels_text(one.labels.view()) + " " +
                   float_text(one.value) + (t_ms == kNowMs ? "" : fmt::format(" @{}", t_ms)));
    }
  }
  return lines;
}

std::set<std::string> wanted_metadata(const Json& all) {
  std::set<std::string> lines;
  for (const Json& one : all) {
    lines.insert(fmt::format("{} {} [{}] {}", one["metric"].get<std::string>(), one["type"].get<std::string>(),
                             one["help"].get<std::string>(), one["unit"].get<std::string>()));
  }
  return lines;
}

/// The last word on each family, as the server keeps it.
std::set<std::string> found_metadata(const SampleBatch& batch) {
  std::map<std::string, MetricFamily> families;
  for (const MetricFamily& family : batch.families()) {
    MetricFamily& kept = families[family.name];
    kept.type = family.has_type ? family.type : kept.type;
    kept.help = family.has_help ? family.help : kept.help;
    kept.unit = family.unit.empty() ? kept.unit : family.unit;
  }
  std::set<std::string> lines;
  for (const auto& [name, family] : families) {
    lines.insert(fmt::format("{} {} [{}] {}", name, metric_type_word(family.type), family.help, family.unit));
  }
  return lines;
}

struct Recording {
  std::string name;
  std::string body;
  Json verdict;
};

/// Reads one recording and says what is not as recorded; empty if all is.
std::string compare(const Recording& recording) {
  const Json& verdict = recording.verdict;
  const Json config = verdict.value("scrape_config", Json::object());
  ScrapePass pass(options_of(config));
  TargetLabels target;
  target.set("job", recording.name);
  target.set("instance", "t");
  const Json type = verdict.value("content_type", Json());
  const std::string content_type = type.is_string() ? type.get<std::string>() : "";
  const std::string encoding = verdict.value("response_headers", Json::object()).value("Content-Encoding", "");
  const ScrapeOutcome outcome = pass.run(
      {.bytes = recording.body, .content_type = content_type, .content_encoding = encoding, .format = std::nullopt},
      target, kNowMs);
  const bool want_accept = verdict["verdict"] == "accept" && !kRefusedHere.contains(recording.name);
  if (outcome.error.empty() != want_accept) {
    return want_accept ? "refused: " + outcome.error : "accepted";
  }
  const Json report = verdict.value("report", Json::object());
  const auto differs = [&](const char* key, std::uint64_t value) {
    return report.contains(key) && report[key].get<std::string>() != std::to_string(value);
  };
  if (!kRefusedHere.contains(recording.name) &&
      (differs("scrape_samples_scraped", outcome.samples_scraped) ||
       differs("scrape_samples_post_metric_relabeling", outcome.samples_post_relabeling))) {
    return fmt::format("scraped {}, after relabeling {}; the server {} and {}", outcome.samples_scraped,
                       outcome.samples_post_relabeling, report["scrape_samples_scraped"].get<std::string>(),
                       report["scrape_samples_post_metric_relabeling"].get<std::string>());
  }
  if (!want_accept) {
    return {};
  }
  const SampleBatch& batch = pass.batch();
  const auto first_difference = [](const auto& want, const auto& found, const char* what) -> std::string {
    if (want == found) {
      return {};
    }
    std::string text = fmt::format("{}: {} wanted, {} found", what, want.size(), found.size());
    for (const std::string& line : want) {
      if (!found.contains(line)) {
        text += "\n    wanted " + line;
        break;
      }
    }
    for (const std::string& line : found) {
      if (!want.contains(line)) {
        text += "\n    found  " + line;
        break;
      }
    }
    return text;
  };
  std::string difference;
  if (verdict.contains("series")) {
    difference = first_difference(wanted_samples(verdict["series"]), found_samples(batch), "samples");
  }
  if (difference.empty() && verdict.contains("metadata")) {
    difference = first_difference(wanted_metadata(verdict["metadata"]), found_metadata(batch), "metadata");
  }
  if (difference.empty()) {
    difference = first_difference(wanted_exemplars(verdict.value("exemplars", Json::array())), found_exemplars(batch),
                                  "exemplars");
  }
  return difference;
}

void check_all(const std::vector<Recording>& recordings, const char* what) {
  std::size_t equal = 0;
  for (const Recording& recording : recordings) {
    const std::string difference = compare(recording);
    INFO(recording.name);
    CHECK(difference == "");
    equal += difference.empty() ? 1 : 0;
  }
  WARN(fmt::format("conformance/expo/{}: {} of {} equal", what, equal, recordings.size()));
}

Json gunzipped_json(const std::filesystem::path& path) {
  std::string text;
  REQUIRE(gunzip(read_test_file(path), text, SIZE_MAX).ok());
  return Json::parse(text);
}

TEST_CASE("recorded small bodies are read as the real server read them", "[scrape][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("SKIPPED: the recordings (conformance/expo) are not here");
    return;
  }
  const auto cases = *folder / "expo" / "cases";
  const Json verdicts = Json::parse(read_test_file(cases / "verdicts.json"));
  std::vector<Recording> recordings;
  for (const auto& [name, verdict] : verdicts.items()) {
    const int status = verdict.value("response_status", 200);
    if (name.starts_with("_") || status != 200) {
      continue;  // a status is not a body's: the HTTP cases are the command line's
    }
    recordings.push_back({name, read_test_file(cases / verdict["file"].get<std::string>()), verdict});
  }
  REQUIRE(recordings.size() > 190);
  check_all(recordings, "cases");
}

TEST_CASE("recorded bodies of real exporters are read as the real server read them", "[scrape][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("SKIPPED: the recordings (conformance/expo) are not here");
    return;
  }
  const auto real = *folder / "expo" / "real";
  std::vector<Recording> recordings;
  const Json manifest = Json::parse(read_test_file(real / "manifest.json"));
  for (const Json& body : manifest["bodies"]) {
    if (!body.contains("file") ||
        !std::filesystem::exists(real / (body["file"].get<std::string>() + ".series.json.gz"))) {
      continue;
    }
    const auto file = body["file"].get<std::string>();
    Json verdict = gunzipped_json(real / (file + ".series.json.gz"));
    verdict["content_type"] = body["content_type"];
    verdict["verdict"] = body["scrape_verdict"];
    std::string job = file;
    std::ranges::replace(job, '.', '-');
    recordings.push_back({job, read_test_file(real / file), verdict});
  }
  REQUIRE(recordings.size() >= 38);
  check_all(recordings, "real");
}

TEST_CASE("upstream's parser bodies are read as the real server read them", "[scrape][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("SKIPPED: the recordings (conformance/expo) are not here");
    return;
  }
  const auto upstream = *folder / "expo" / "upstream";
  const std::map<std::string, std::string> files = {
      {"1histogram-om-txt", "1histogram.om.txt"},
      {"1histogram-om-txt-with-eof", "1histogram.om.txt"},
      {"alltypes-5mfs-om-txt", "alltypes.5mfs.om.txt"},
      {"alltypes-5mfs-om-txt-with-eof", "alltypes.5mfs.om.txt"},
      {"alltypes-237mfs-prom-txt", "alltypes.237mfs.prom.txt"},
      {"alltypes-237mfs-nometa-prom-txt", "alltypes.237mfs.nometa.prom.txt"},
      {"metrics-test-prom", "metrics-test.prom"},
  };
  const Json verdicts = Json::parse(read_test_file(upstream / "verdicts.json"));
  std::vector<Recording> recordings;
  for (const auto& [name, file] : files) {
    Json verdict = verdicts.at(name);
    const auto series = upstream / (name + ".series.json.gz");
    verdict["series"] = gunzipped_json(series);
    recordings.push_back({name, read_test_file(upstream / file), verdict});
  }
  check_all(recordings, "upstream");
}

}  // namespace
}  // namespace mcore
