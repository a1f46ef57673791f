// SPDX-License-Identifier: Apache-2.0
#include "query_sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/directory.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/data_options.h"
#include "ingest/stream_input.h"
#include "storage/memory_store.h"
#include "storage/merged_querier.h"
#include "tsdb/store_reader.h"

namespace mcore {
namespace {

class StoreSource final : public QuerySource {
 public:
  StoreSource(const std::string& path, Console& io) : reader_(path, [&io](const Error& damage) { io.warn(damage); }) {}
  Querier& querier() override { return reader_; }
  std::optional<std::int64_t> newest_t_ms() override {
    const auto range = reader_.time_range();
    return range.has_value() ? std::optional(range->max_t_ms) : std::nullopt;
  }

 private:
  StoreReader reader_;
};

/// A file or stdin, read whole.
class StreamSource final : public QuerySource {
 public:
  StreamSource(const std::string& path, const Clock& clock, Console& io) {
    const Fd file = path == "-" ? Fd() : Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (path != "-" && !file.is_open()) {
      throw Error(ErrorKind::kIo, "open", path, errno_text(errno));
    }
    StreamInput input(path == "-" ? STDIN_FILENO : file.get(), path == "-" ? "stdin" : path, clock,
                      {.stop = Console::interrupted},
                      [&](const StreamFault& fault) { io.warn("read " + path + ": " + fault.text()); });
    SampleBatch batch;
    while (input.next(batch)) {
      store_.add(batch);
    }
  }
  Querier& querier() override { return store_; }
  std::optional<std::int64_t> newest_t_ms() override { return store_.newest_t_ms(); }

 private:
  MemoryStore store_;
};

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

void SourceOptions::declare(OptionSet& set) {
  set.list("-s,--store", "SOURCE", &names_,
           "A store, a data directory, a block, an exposition file or - (repeatable; several are merged)");
  set.default_text("$MSTORE, else ~/.local/share/metricutils, for root /var/lib/metricutils");
}

void SourceOptions::take_from(std::vector<std::string>& operands) {
  for (const std::string& word : operands) {
    if (names_store(word)) {
      names_.push_back(word);
    }
  }
  std::erase_if(operands, [](const std::string& word) { return names_store(word); });
}

void SourceOptions::open(const Clock& clock, Console& io) {
  if (names_.empty()) {
    names_.push_back(StoreOption().path());
  }
  std::vector<Querier*> queriers;
  for (const std::string& name : names_) {
    if (name.starts_with("http://") || name.starts_with("https://")) {
      throw Error(ErrorKind::kUsage, "source", name, "a server cannot be asked yet; give its data directory");
    }
    if (name != "-" && !path_exists(name)) {
      throw Error(ErrorKind::kIo, "open store", name, "no such file or directory; -s names another");
    }
    if (name != "-" && is_directory(name)) {
      sources_.push_back(std::make_unique<StoreSource>(name, io));
    } else {
      sources_.push_back(std::make_unique<StreamSource>(name, clock, io));
      has_stream_ = true;
    }
    queriers.push_back(&sources_.back()->querier());
  }
  merged_ = std::make_unique<MergedQuerier>(std::move(queriers));
}

Querier& SourceOptions::querier() {
  return *merged_;
}

std::optional<std::int64_t> SourceOptions::newest_t_ms() {
  std::optional<std::int64_t> newest;
  for (const auto& source : sources_) {
    const auto of_source = source->newest_t_ms();
    if (of_source.has_value() && (!newest.has_value() || *of_source > *newest)) {
      newest = of_source;
    }
  }
  return newest;
}

}  // namespace mcore
