// SPDX-License-Identifier: Apache-2.0
//
// A PNG file is a signature and chunks: length, name, bytes, CRC-32 of name and bytes, numbers big-endian. IHDR has the
// size, IDAT the pixels in zlib's format, IEND nothing. Each row of pixels begins with the number of a filter that
// replaces bytes by differences; flat areas and slopes then compress far better.
#include "render/chart_png.h"

#include <zlib.h>

#include <cstdlib>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace mcore {
namespace {

constexpr std::size_t kPixelBytes = 3;

void append_number(std::string& out, std::uint32_t number) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    out += static_cast<char>(static_cast<unsigned char>(number >> shift));
  }
}

void append_chunk(std::string& out, std::string_view name, std::string_view bytes) {
  append_number(out, static_cast<std::uint32_t>(bytes.size()));
  const std::size_t begin = out.size();
  out += name;
  out += bytes;
  const auto* const checked = reinterpret_cast<const Bytef*>(out.data() + begin);
  append_number(out, static_cast<std::uint32_t>(::crc32(0, checked, static_cast<uInt>(out.size() - begin))));
}

/// How far a byte is from zero, as the usual way to choose a filter counts it.
int size_of(std::uint8_t byte) noexcept {
  return byte < 128 ? byte : 256 - byte;
}

/// Appends a row with the filter that leaves the least: 0 the bytes themselves, 1 less the pixel to the left, 2 less
/// the pixel above.
void append_row(std::string& out, std::span<const std::uint8_t> row, std::span<const std::uint8_t> above) {
  const auto filtered = [&](int filter, std::size_t i) {
    const unsigned base = filter == 1                     ? (i < kPixelBytes ? 0U : row[i - kPixelBytes])
                          : filter == 2 && !above.empty() ? above[i]
                                                          : 0U;
    return static_cast<std::uint8_t>(row[i] - base);
  };
  int best = 0;
  long least = -1;
  for (int filter = 0; filter <= 2; ++filter) {
    long sum = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      sum += size_of(filtered(filter, i));
    }
    if (least < 0 || sum < least) {
      least = sum;
      best = filter;
    }
  }
  out += static_cast<char>(best);
  for (std::size_t i = 0; i < row.size(); ++i) {
    out += static_cast<char>(filtered(best, i));
  }
}

std::string compressed(const std::string& bytes) {
  uLongf size = ::compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  const int status = ::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                                 reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()), 9);
  if (status != Z_OK) {
    throw Error(ErrorKind::kIo, "compress picture", "", "out of memory");
  }
  out.resize(size);
  return out;
}

}  // namespace

std::string png_of(const Raster& raster) {
  std::string header;
  append_number(header, static_cast<std::uint32_t>(raster.width()));
  append_number(header, static_cast<std::uint32_t>(raster.height()));
  header += std::string_view("\x08\x02\x00\x00\x00", 5);  // bits, RGB, the only compression and filters, no interlace

  std::string rows;
  rows.reserve((static_cast<std::size_t>(raster.width()) * kPixelBytes + 1) *
               static_cast<std::size_t>(raster.height()));
  for (int y = 0; y < raster.height(); ++y) {
    append_row(rows, raster.row(y), y == 0 ? std::span<const std::uint8_t>() : raster.row(y - 1));
  }
  std::string out = "\x89PNG\r\n\x1A\n";
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", compressed(rows));
  append_chunk(out, "IEND", {});
  return out;
}

std::string png_of(const Picture& picture) {
  Raster raster(picture.width, picture.height, picture.background);
  for (const Shape& shape : picture.shapes) {
    std::visit([&raster](const auto& one) { raster.paint(one); }, shape);
  }
  return png_of(raster);
}

}  // namespace mcore
