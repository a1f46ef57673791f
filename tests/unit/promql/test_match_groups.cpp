// SPDX-License-Identifier: Apache-2.0
#include "promql/match_groups.h"

#include <string>
#include <vector>

#include "support/catch.h"

using namespace mcore;

namespace {

std::string labels(std::vector<Label> all) {
  LabelBuilder builder;
  for (const Label& label : all) {
    builder.add(label.name, label.value);
  }
  return std::string(builder.build().bytes());
}

}  // namespace

TEST_CASE("on and by keep the listed labels, ignoring and without drop them and the name", "[promql][match_groups]") {
  const std::string set = labels({{"__name__", "up"}, {"instance", "x"}, {"job", "node"}});
  LabelFilter on({"job", "absent"}, true);
  CHECK(labels_text(LabelsView(on.filter(LabelsView(set)))) == R"({job="node"})");
  LabelFilter named({"__name__"}, true);
  CHECK(labels_text(LabelsView(named.filter(LabelsView(set)))) == "up");
  LabelFilter ignoring({"job"}, false);
  CHECK(labels_text(LabelsView(ignoring.filter(LabelsView(set)))) == R"({instance="x"})");
  LabelFilter none({}, true);
  CHECK(none.filter(LabelsView(set)).empty());
}

TEST_CASE("sets that a filter makes alike are one group, numbered as they come", "[promql][match_groups]") {
  LabelGroups groups({"job"}, true);
  CHECK(groups.group_of(LabelsView(labels({{"job", "b"}, {"x", "1"}}))) == 0);
  CHECK(groups.group_of(LabelsView(labels({{"job", "a"}}))) == 1);
  CHECK(groups.group_of(LabelsView(labels({{"job", "b"}, {"x", "2"}}))) == 0);
  CHECK(groups.group_of(LabelsView()) == 2);
  CHECK(groups.size() == 3);
  CHECK(labels_text(groups.labels(1)) == R"({job="a"})");
}
