// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "tsdb/file_writer.h"
#include "tsdb/tombstones.h"

namespace mcore {
namespace {

// tsdb-format 3: floats are XOR and XOR2.
constexpr bool is_float_encoding(std::uint8_t encoding) noexcept {
  return encoding == 1 || encoding == 4;
}

std::string make_chunks_folder(const std::string& folder, const NewFileOwner& owner) {
  create_owned_folder(folder, owner);
  std::string chunks = folder + "/chunks";
  create_owned_folder(chunks, owner);
  return chunks;
}

void write_file(const std::string& path, std::string_view bytes, const BlockWriterOptions& options) {
  FileWriter file(path, options.owner);
  file.write(bytes);
  file.finish(options.sync);
}

}  // namespace

BlockWriter::BlockWriter(std::string folder, const BlockWriterOptions& options)
    : folder_(std::move(folder)),
      options_(options),
      chunks_(make_chunks_folder(folder_, options_.owner), options_.owner, options_.segment_bytes, options_.sync),
      index_(folder_ + "/index", options_.owner, options_.sync) {}

void BlockWriter::add_series(LabelsView labels, std::span<const ChunkToWrite> chunks) {
  metas_.clear();
  for (const ChunkToWrite& chunk : chunks) {
    metas_.push_back({chunk.min_t_ms, chunk.max_t_ms, chunks_.add(chunk.encoding, chunk.bytes)});
    stats_.samples += chunk.samples;
    (is_float_encoding(chunk.encoding) ? stats_.float_samples : stats_.histogram_samples) += chunk.samples;
    range_.min_t_ms = std::min(range_.min_t_ms, chunk.min_t_ms);
    range_.max_t_ms = std::max(range_.max_t_ms, chunk.max_t_ms);
  }
  index_.add_series(labels, metas_);
  stats_.chunks += chunks.size();
  ++stats_.series;
}

BlockMeta BlockWriter::finish(BlockMeta meta) {
  if (stats_.series > 0 && (range_.min_t_ms < meta.min_t_ms || range_.max_t_ms >= meta.end_t_ms)) {
    throw Error(ErrorKind::kCorrupt, "write block", folder_,
                fmt::format("samples from {} to {} in a block of [{}, {})", range_.min_t_ms, range_.max_t_ms,
                            meta.min_t_ms, meta.end_t_ms));
  }
  meta.stats = stats_;
  chunks_.finish();
  index_.finish();
  write_file(folder_ + "/tombstones", Tombstones().encode(), options_);
  write_file(folder_ + "/meta.json", block_meta_text(meta), options_);
  if (options_.sync) {
    sync_directory(folder_ + "/chunks");
    sync_directory(folder_);
  }
  return meta;
}

}  // namespace mcore
