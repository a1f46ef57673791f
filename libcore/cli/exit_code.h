// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mcore {

/// The exit codes of all five tools; see metricutils(7).
enum class ExitCode {
  kOk = 0,      // done
  kNo = 1,      // it ran and the answer is no, or a part failed: stderr says which
  kUsage = 2,   // wrong command line, expression or configuration: nothing was done
  kFailed = 3,  // it could not be done
  kBusy = 75,   // a lock was not had: try again
};

}  // namespace mcore
