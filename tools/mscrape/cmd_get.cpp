// SPDX-License-Identifier: Apache-2.0
// `mscrape [get] ADDRESS…`: fetches expositions and prints one clean, stamped stream.
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "cli/command.h"
#include "cli/suggest.h"
#include "commands.h"
#include "net/http_fetch.h"
#include "net/target_url.h"
#include "scrape/scrape_stream.h"
#include "text/decompress.h"

namespace mcore {
namespace {

/// No exporter says this much, and a gzip bomb says more.
constexpr std::size_t kBodySizeLimit = std::size_t{256} << 20U;

/// The first line of a file, without the newline: how secrets are kept in files.
std::string secret_from(const std::string& path) {
  std::string text = read_file(path);
  text.resize(std::min(text.size(), text.find_last_not_of(" \t\r\n") + 1));
  return text;
}

std::pair<std::string, std::string> split_pair(const std::string& text, char separator, std::string_view option) {
  const std::size_t at = text.find(separator);
  if (at == std::string::npos || at == 0) {
    throw Error(ErrorKind::kUsage, "option " + std::string(option), in_quotes(text),
                fmt::format("expected a name, '{}' and a value", separator));
  }
  std::string value = text.substr(at + 1);
  value.erase(0, std::min(value.find_first_not_of(' '), value.size()));
  return {text.substr(0, at), value};
}

class GetCommand final : public Command {
 public:
  std::string_view name() const override { return "get"; }
  std::string_view brief() const override { return "Fetch expositions once and print a stamped stream"; }
  void declare(OptionSet& set) override;
  ExitCode run(Console& io) override;

 private:
  void declare_http(OptionSet& set);
  void declare_limits(OptionSet& set);
  [[nodiscard]] std::vector<TargetUrl> targets() const;
  [[nodiscard]] TargetLabels labels_of(const TargetUrl& target) const;
  [[nodiscard]] HttpClientOptions client() const;
  [[nodiscard]] std::vector<ScrapeProtocol> protocols() const;
  [[nodiscard]] HttpRequest request_for(const TargetUrl& target) const;
  void fetch(const std::vector<TargetUrl>& targets, ScrapeStream& stream, Console& io);
  void read_local(const TargetUrl& target, ScrapeStream& stream, Console& io);
  void deliver(const TargetUrl& target, const HttpResponse& response, ScrapeStream& stream, Console& io);
  /// Counts a scrape and tells what of it was left out; returns its error.
  std::string report(const ScrapeOutcome& outcome, const std::string& where, Console& io);
  void tell_losses(const ExpositionLosses& losses, Console& io);

  std::vector<std::string> addresses_;
  ScrapeOptions scrape_;
  HttpClientOptions client_;
  std::chrono::milliseconds timeout_{10'000};
  std::size_t concurrency_ = 64;
  std::string format_ = "prom";
  std::string file_;
  std::string job_ = "mscrape";
  std::string instance_;
  std::string username_file_;
  std::string password_file_;
  std::string bearer_file_;
  std::string fallback_;
  std::vector<std::string> protocols_;
  std::vector<std::string> labels_;
  std::vector<std::string> headers_;
  bool timestamps_ = true;
  bool compression_ = true;
  bool native_histograms_ = false;
  std::uint64_t samples_ = 0;
};

void GetCommand::declare(OptionSet& set) {
  set.operands("ADDRESS", &addresses_, "host:port, URL, unix:SOCKET[:/path], file:PATH, ./PATH or -", 1);
  set.group("Output");
  set.output(&format_, &file_, {{".prom", "prom"}, {".txt", "prom"}, {".om", "openmetrics"}, {".pb", "proto"}},
             {"prom", "openmetrics", "proto"});
  set.text("-j,--job", "NAME", &job_, "Label job");
  set.text("-i,--instance", "NAME", &instance_, "Label instance, instead of the address");
  set.list("-l,--label", "K=V", &labels_, "Add a label (repeatable)");
  set.flag_off("--no-timestamps", &timestamps_, "Leave timestamps out (textfile collector)");
  set.flag("--honor-labels", &scrape_.honor_labels, "On conflict the scraped labels win");
  set.rare();
  set.flag_off("--no-honor-timestamps", &scrape_.honor_timestamps, "Stamp all samples with the time of the scrape");
  set.flag("--honor-timestamps", &scrape_.honor_timestamps, "Keep the timestamps of the exposition (default)");
  declare_http(set);
  declare_limits(set);
  set.example("mscrape localhost:9100");
  set.example("mscrape -l env=prod db:9187 unix:/run/app.sock > now.prom");
}

void GetCommand::declare_http(OptionSet& set) {
  set.group("HTTP");
  set.duration("-t,--timeout", &timeout_, "Time for each target as a whole");
  set.count("--concurrency", "N", &concurrency_, "Targets asked at a time");
  set.list("-H,--header", "NAME: VALUE", &headers_, "Send a header; @FILE reads them from a file (repeatable)");
  set.text("--username", "NAME", &client_.username, "Basic auth");
  set.rare();
  set.text("--username-file", "FILE", &username_file_, "Read the user name from a file");
  set.text("--password-file", "FILE", &password_file_, "Read the password from a file ($MSCRAPE_PASSWORD without it)");
  set.text("--bearer-token-file", "FILE", &bearer_file_, "Bearer token from a file ($MSCRAPE_BEARER_TOKEN without it)");
  set.text("--ca-file", "FILE", &client_.ca_file, "Certificates to trust");
  set.text("--cert-file", "FILE", &client_.cert_file, "Our certificate");
  set.text("--key-file", "FILE", &client_.key_file, "Its key");
  set.flag("--insecure-skip-verify", &client_.insecure_skip_verify, "Trust any certificate");
  set.text("--proxy", "URL", &client_.proxy_url, "Ask through a proxy");
  set.flag_off("--no-follow-redirects", &client_.follow_redirects, "A redirect is a failure");
  set.flag_off("--no-compression", &compression_, "Do not ask for gzip");
  set.list("--scrape-protocol", "NAME", &protocols_, "Formats to ask for, best first (repeatable)");
  set.text("--fallback-scrape-protocol", "NAME", &fallback_, "Format of answers without a usable Content-Type");
}

void GetCommand::declare_limits(OptionSet& set) {
  set.group("What is taken");
  scrape_.body_size_limit = kBodySizeLimit;
  set.bytes("--body-size-limit", "BYTES", &scrape_.body_size_limit, "Largest body, decompressed [256MiB]");
  set.count("--sample-limit", "N", &scrape_.sample_limit, "Most samples of a target");
  set.rare();
  set.count("--label-limit", "N", &scrape_.label_limit, "Most labels of a sample");
  set.count("--label-name-length-limit", "N", &scrape_.label_name_length_limit, "Longest label name");
  set.count("--label-value-length-limit", "N", &scrape_.label_value_length_limit, "Longest label value");
  set.rare();
  set.flag("--native-histograms", &native_histograms_, "Ask for native histograms (-o proto does)");
  set.flag("--always-classic-histograms", &scrape_.always_classic_histograms,
           "Keep the classic form beside the native");
  set.flag("--convert-to-nhcb", &scrape_.convert_classic_to_nhcb, "Turn classic histograms into native ones");
  set.count("--native-histogram-bucket-limit", "N", &scrape_.native_histogram_bucket_limit,
            "Merge buckets of native histograms until no more are left");
  set.flag("--legacy-names", &scrape_.legacy_names, "Refuse names beyond [a-zA-Z0-9_:]");
}

std::vector<TargetUrl> GetCommand::targets() const {
  std::vector<TargetUrl> found;
  for (const std::string& address : addresses_) {
    const Result<TargetUrl> target = parse_target_url(address);
    if (!target.ok() && address.find_first_of(".:/") == std::string::npos) {  // a word: meant as a subcommand?
      const std::string_view ours = our_name_for(address);
      const std::string near = ours.empty() ? nearest(address, {"get", "check", "help"}) : std::string(ours);
      throw Error(ErrorKind::kUsage, "unknown subcommand", in_quotes(address),
                  near.empty() ? "an address has a '.', ':' or '/'" : "did you mean " + near + "?");
    }
    if (!target.ok()) {
      throw Error(target.error());
    }
    found.push_back(target.value());
  }
  return found;
}

TargetLabels GetCommand::labels_of(const TargetUrl& target) const {
  TargetLabels labels;
  labels.set("job", job_);
  labels.set("instance", instance_.empty() ? target.instance : instance_);
  for (const std::string& label : labels_) {
    const auto [name, value] = split_pair(label, '=', "--label");
    if (!is_legacy_label_name(name) || name.starts_with("__")) {
      throw Error(ErrorKind::kUsage, "option --label", in_quotes(name), "not a label name, or one that is reserved");
    }
    labels.set(name, value);
  }
  return labels;
}

HttpClientOptions GetCommand::client() const {
  HttpClientOptions client = client_;
  const auto from_environment = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  if (!username_file_.empty()) {
    client.username = secret_from(username_file_);
  }
  if (!client.username.empty()) {
    client.password = password_file_.empty() ? from_environment("MSCRAPE_PASSWORD") : secret_from(password_file_);
  } else {
    client.bearer_token = bearer_file_.empty() ? from_environment("MSCRAPE_BEARER_TOKEN") : secret_from(bearer_file_);
  }
  for (const std::string& header : headers_) {
    if (!header.starts_with('@')) {
      client.headers.push_back(split_pair(header, ':', "--header"));
      continue;
    }
    const std::string lines = read_file(header.substr(1));
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      if (end > at) {
        client.headers.push_back(split_pair(lines.substr(at, end - at), ':', "--header"));
      }
      at = end + 1;
    }
  }
  client.user_agent = "metricutils/0.1.0";
  return client;
}

std::vector<ScrapeProtocol> GetCommand::protocols() const {
  std::vector<ScrapeProtocol> wanted;
  for (const std::string& name : protocols_) {
    const auto protocol = scrape_protocol_by_name(name);
    if (!protocol) {
      std::string known;
      for (const ScrapeProtocol one : default_scrape_protocols(true)) {
        known += (known.empty() ? "" : ", ") + std::string(scrape_protocol_name(one));
      }
      throw Error(ErrorKind::kUsage, "option --scrape-protocol", in_quotes(name), "there are " + known);
    }
    wanted.push_back(*protocol);
  }
  if (wanted.empty()) {
    const auto usual = default_scrape_protocols(scrape_.native_histograms);
    wanted.assign(usual.begin(), usual.end());
  }
  return wanted;
}

HttpRequest GetCommand::request_for(const TargetUrl& target) const {
  HttpRequest request;
  request.url = target.url;
  request.unix_socket = target.kind == TargetUrl::Kind::kUnixSocket ? target.path : "";
  request.username = target.username;
  request.password = target.password;
  request.timeout = timeout_;
  request.body_limit = scrape_.body_size_limit;
  request.headers = {
      {"Accept", accept_header(protocols())},
      {"Accept-Encoding", compression_ ? "gzip" : "identity"},
      {"X-Prometheus-Scrape-Timeout-Seconds", fmt::format("{}", static_cast<double>(timeout_.count()) / 1000)},
  };
  return request;
}

void GetCommand::fetch(const std::vector<TargetUrl>& targets, ScrapeStream& stream, Console& io) {
  if (targets.empty()) {
    return;
  }
  std::vector<HttpRequest> requests;
  for (const TargetUrl& target : targets) {
    requests.push_back(request_for(target));
  }
  HttpFetcher fetcher(client(), concurrency_);
  fetcher.run(
      requests, [&](std::size_t index, HttpResponse&& response) { deliver(targets[index], response, stream, io); },
      Console::interrupted);
}

void GetCommand::deliver(const TargetUrl& target, const HttpResponse& response, ScrapeStream& stream, Console& io) {
  using namespace std::chrono;
  const ScrapeTime time{.start_ms = duration_cast<milliseconds>(response.started.time_since_epoch()).count(),
                        .duration_seconds = duration<double>(response.duration).count()};
  const std::string where = target.kind == TargetUrl::Kind::kUnixSocket ? "unix:" + target.path : target.url;
  std::string failure = response.error;
  if (failure.empty() && response.status != 200) {
    failure = fmt::format("the server answered {} {}", response.status, response.status_text);
  }
  if (!failure.empty()) {
    stream.add_failure(labels_of(target), time);
  } else {
    const ScrapeBody body{.bytes = response.body,
                          .content_type = response.content_type,
                          .content_encoding = response.content_encoding,
                          .format = std::nullopt};
    failure = report(stream.add(body, labels_of(target), time), where, io);
  }
  if (!failure.empty()) {
    io.warn(fmt::format("get: {}: {}", where, failure));
  }
  io.data(stream.output());
  stream.output().clear();
}

void GetCommand::read_local(const TargetUrl& target, ScrapeStream& stream, Console& io) {
  using namespace std::chrono;
  const auto start = system_clock::now();
  const std::string path = target.kind == TargetUrl::Kind::kStdin ? "-" : target.path;
  ScrapeTime time{.start_ms = duration_cast<milliseconds>(start.time_since_epoch()).count(), .duration_seconds = 0};
  std::string failure;
  try {
    const std::string content = read_file(path);
    const bool zipped = looks_like_gzip(content);
    std::string text;
    if (zipped) {
      (void)gunzip(content, text, scrape_.body_size_limit != 0 ? scrape_.body_size_limit : SIZE_MAX).value_or_throw();
    }
    const std::string& plain = zipped ? text : content;
    time.duration_seconds = duration<double>(system_clock::now() - start).count();
    const ScrapeBody body{
        .bytes = plain, .content_type = {}, .content_encoding = {}, .format = detect_exposition_format(plain)};
    failure = report(stream.add(body, labels_of(target), time), path, io);
  } catch (const Error& error) {
    failure = error.why();
    stream.add_failure(labels_of(target), time);
  }
  if (!failure.empty()) {
    io.warn(fmt::format("get: {}: {}", path, failure));
  }
  io.data(stream.output());
  stream.output().clear();
}

std::string GetCommand::report(const ScrapeOutcome& outcome, const std::string& where, Console& io) {
  if (outcome.duplicates > 0) {
    io.note(fmt::format("get: {}: {} samples left out: their series was there already", where, outcome.duplicates));
  }
  if (outcome.out_of_bounds > 0) {
    io.note(fmt::format("get: {}: {} samples left out: more than ten minutes ahead of the clock", where,
                        outcome.out_of_bounds));
  }
  samples_ += outcome.error.empty() ? outcome.series_added : 0;
  return outcome.error;
}

ExitCode GetCommand::run(Console& io) {
  const std::vector<TargetUrl> all = targets();
  (void)labels_of(all.front());  // a wrong --label is found before anything is asked
  if (!fallback_.empty()) {
    scrape_.fallback_protocol = scrape_protocol_by_name(fallback_);
    if (!scrape_.fallback_protocol) {
      throw Error(ErrorKind::kUsage, "option --fallback-scrape-protocol", in_quotes(fallback_),
                  "no such protocol; see mscrape(1)");
    }
  }
  if (!file_.empty()) {
    io.set_output_file(file_);
  }
  const ExpositionFormat format = format_ == "openmetrics" ? ExpositionFormat::kOpenMetrics
                                  : format_ == "proto"     ? ExpositionFormat::kProtobuf
                                                           : ExpositionFormat::kPrometheusText;
  if (format == ExpositionFormat::kProtobuf && io.is_terminal()) {
    throw Error(ErrorKind::kUsage, "option --format", "proto",
                "binary data does not go to a terminal; give -o FILE.pb");
  }
  // Native histograms are asked for where the output can hold them.
  scrape_.native_histograms = native_histograms_ || format == ExpositionFormat::kProtobuf;
  ScrapeStream stream(scrape_, format, timestamps_);
  std::vector<TargetUrl> remote;
  for (const TargetUrl& target : all) {
    if (target.kind == TargetUrl::Kind::kFile || target.kind == TargetUrl::Kind::kStdin) {
      read_local(target, stream, io);
    } else {
      remote.push_back(target);
    }
  }
  fetch(remote, stream, io);
  stream.finish();
  io.data(stream.output());
  tell_losses(stream.losses(), io);
  if (io.is_verbose()) {
    io.note(fmt::format("get: {} samples of {} targets", samples_, all.size()));
  }
  return ExitCode::kOk;
}

void GetCommand::tell_losses(const ExpositionLosses& losses, Console& io) {
  const auto tell = [&](std::uint64_t count, std::string_view what, std::string_view cure) {
    if (count > 0) {
      io.warn_softly(fmt::format("get: {} {} left out: format {} has none; {}", count, what, format_, cure));
    }
  };
  tell(losses.exemplars, "exemplars", "-o openmetrics keeps them");
  tell(losses.native_histograms, "native histograms", "-o proto keeps them");
}

}  // namespace

std::unique_ptr<Command> make_get_command() {
  return std::make_unique<GetCommand>();
}

}  // namespace mcore
