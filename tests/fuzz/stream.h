// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets of streams do: read the bytes to the end through a pipe and write what came.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "ingest/stream_input.h"
#include "ingest/stream_output.h"

namespace mcore {

/// Reads at most a pipe's worth of bytes; what is read must be good label sets, and rw2 must bring it back whole.
inline void fuzz_stream(const std::uint8_t* data, std::size_t size, StreamInputOptions options) {
  int ends[2];
  if (size > 60'000 || ::pipe(ends) != 0) {
    return;
  }
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  if (::write(write_end.get(), data, size) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  write_end = Fd();
  const FixedClock clock(1'700'000'000'000);
  std::size_t faults = 0;
  std::size_t samples = 0;
  std::string again;
  try {
    StreamInput input(read_end.get(), "fuzz", clock, options, [&faults](const StreamFault& fault) {
      ++faults;
      if (fault.reason.empty()) {
        std::abort();
      }
    });
    const auto output = make_stream_output(StreamFormat::kRw2);
    SampleBatch batch;
    while (input.next(batch)) {
      samples += batch.samples().size();
      for (const BatchSample& sample : batch.samples()) {
        if (batch.labels(sample).get(kNameLabel).empty() || batch.labels(sample).hash() != sample.labels_hash ||
            sample.family > batch.families().size()) {
          std::abort();
        }
      }
      output->add(batch);
    }
    if (faults != input.faults()) {
      std::abort();
    }
    output->finish();
    again = output->output();
  } catch (const Error&) {
    return;
  }
  if (again.size() > 60'000) {
    return;
  }
  int second[2];
  if (::pipe(second) != 0) {
    return;
  }
  const Fd back(second[0]);
  {
    const Fd end(second[1]);
    if (::write(end.get(), again.data(), again.size()) != static_cast<ssize_t>(again.size())) {
      std::abort();
    }
  }
  StreamInputOptions rw2;
  rw2.format = StreamFormat::kRw2;
  StreamInput input(back.get(), "again", clock, rw2, [](const StreamFault&) { std::abort(); });
  SampleBatch batch;
  while (input.next(batch)) {
    samples -= batch.samples().size();
  }
  if (samples != 0) {
    std::abort();
  }
}

}  // namespace mcore
