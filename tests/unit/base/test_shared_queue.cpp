// SPDX-License-Identifier: Apache-2.0
#include "base/shared_queue.h"

#include <chrono>
#include <thread>

#include "support/catch.h"
#include "support/child_process.h"

namespace mcore {
namespace {

using std::chrono::milliseconds;

TEST_CASE("SharedQueue calls those who drew in their order", "[base][queue]") {
  const TemporaryFolder folder;
  SharedQueue mine(folder.path() + "/queue", {});
  SharedQueue theirs(folder.path() + "/queue", {});  // as another process maps it
  const std::uint32_t first = mine.draw();
  const std::uint32_t second = theirs.draw();
  const std::uint32_t third = mine.draw();
  CHECK(mine.wait_turn(first, milliseconds(0)));
  CHECK_FALSE(theirs.wait_turn(second, milliseconds(0)));
  mine.leave(first);
  CHECK(theirs.wait_turn(second, milliseconds(0)));
  CHECK_FALSE(mine.wait_turn(third, milliseconds(0)));
  theirs.leave(second);
  CHECK(mine.wait_turn(third, milliseconds(0)));
}

TEST_CASE("SharedQueue passes over who left or died in it", "[base][queue]") {
  const TemporaryFolder folder;
  SharedQueue queue(folder.path() + "/queue", {});
  const std::uint32_t holder = queue.draw();
  const std::uint32_t gives_up = queue.draw();
  const std::uint32_t dies = queue.draw();
  const std::uint32_t last = queue.draw();
  queue.leave(gives_up);
  CHECK_FALSE(queue.wait_turn(dies, milliseconds(0)));
  queue.leave(holder);
  CHECK(queue.wait_turn(dies, milliseconds(0)));  // it would have been its turn
  CHECK_FALSE(queue.wait_turn(last, milliseconds(1)));
  queue.pass_over();
  CHECK(queue.wait_turn(last, milliseconds(0)));
}

TEST_CASE("SharedQueue leaves nobody waiting where many leave before their turn", "[base][queue]") {
  const TemporaryFolder folder;
  SharedQueue queue(folder.path() + "/queue", {});
  const std::uint32_t holder = queue.draw();
  for (int i = 0; i < 100; ++i) {
    queue.leave(queue.draw());
  }
  const std::uint32_t last = queue.draw();
  queue.leave(holder);
  CHECK(queue.wait_turn(last, milliseconds(0)));
  queue.leave(last);
  CHECK(queue.wait_turn(queue.draw(), milliseconds(0)));
}

TEST_CASE("SharedQueue's bell wakes those who wait, and who comes late does not wait", "[base][queue]") {
  const TemporaryFolder folder;
  SharedQueue queue(folder.path() + "/queue", {});
  const std::uint32_t seen = queue.rings();
  std::thread ringer([&] { queue.ring(); });
  queue.wait_ring(seen, std::chrono::minutes(5));
  ringer.join();
  CHECK(queue.rings() == seen + 1);
  queue.wait_ring(seen, std::chrono::minutes(5));  // it rang before: returns at once
}

TEST_CASE("SharedQueue without its file holds up nobody", "[base][queue]") {
  SharedQueue queue("/proc/no/such/queue", {});
  CHECK(queue.wait_turn(queue.draw(), std::chrono::minutes(5)));
  queue.leave(0);
  queue.pass_over();
  queue.ring();
  CHECK(queue.rings() == 0);
}

}  // namespace
}  // namespace mcore
