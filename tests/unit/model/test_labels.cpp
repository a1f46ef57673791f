// SPDX-License-Identifier: Apache-2.0
#include "model/labels.h"

#include "support/catch.h"

namespace mcore {
namespace {

LabelSet make(std::initializer_list<Label> labels) {
  LabelBuilder builder;
  for (const Label& label : labels) {
    builder.add(label.name, label.value);
  }
  return LabelSet(builder.build());
}

TEST_CASE("LabelBuilder sorts, so that the order of adding does not matter", "[model][labels]") {
  const LabelSet one = make({{"job", "node"}, {kNameLabel, "up"}, {"a", "1"}});
  const LabelSet two = make({{"a", "1"}, {kNameLabel, "up"}, {"job", "node"}});
  CHECK(one.view() == two.view());
  CHECK(one.view().hash() == two.view().hash());
  CHECK(one.view().size() == 3);
  CHECK(one.view().get("job") == "node");
  CHECK(one.view().get("nothing").empty());
}

TEST_CASE("an empty value removes its label, whichever way it was given twice", "[model][labels]") {
  CHECK(make({{kNameLabel, "up"}, {"x", ""}}).view() == make({{kNameLabel, "up"}}).view());
  CHECK(make({{"x", "1"}, {"x", ""}}).view().empty());
  CHECK(make({{"x", ""}, {"x", "1"}}).view().empty());
}

TEST_CASE("LabelBuilder names a label that was given twice", "[model][labels]") {
  LabelBuilder builder;
  builder.add("b", "1");
  builder.add("a", "1");
  builder.add("b", "2");
  (void)builder.build();
  CHECK(builder.has_duplicate_name());
  CHECK(builder.duplicate_name() == "b");
  builder.clear();
  builder.add("b", "1");
  (void)builder.build();
  CHECK(!builder.has_duplicate_name());
  CHECK(builder.duplicate_name().empty());
}

TEST_CASE("an empty label name that was given twice is noticed too", "[model][labels]") {
  LabelBuilder builder;
  builder.add("", "1");
  builder.add("", "2");
  (void)builder.build();
  CHECK(builder.has_duplicate_name());
}

TEST_CASE("bytes that no builder wrote give labels that end where the bytes end", "[model][labels]") {
  struct Case {
    std::string_view name;
    std::string_view bytes;
    std::string_view want;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"a name that is too long",
       "\x05"
       "ab"sv,
       "ab=;"},
      {"no value",
       "\x01"
       "a"sv,
       "a=;"},
      {"a value that is too long",
       "\x01"
       "a\xFE"
       "bc"sv,
       "a=bc;"},
      {"a cut length",
       "\x01"
       "a\xFF\x10\x00"sv,
       "a=;"},
      {"a long text that is cut", "\xFF\xFF\xFF\xFF"sv, "=;"},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.name) {
      const std::string exact(c.bytes);  // so that a sanitizer sees a step behind the end
      std::string text;
      for (const Label& label : LabelsView(exact)) {
        text += std::string(label.name) + "=" + std::string(label.value) + ";";
      }
      CHECK(text == c.want);
    }
  }
}

TEST_CASE("values of any length come back whole", "[model][labels]") {
  for (const std::size_t size : {0U, 1U, 254U, 255U, 256U, 65'535U, 65'536U, 1'000'000U}) {
    const std::string value(size, 'v');
    const LabelSet set = make({{"after", "x"}, {"long", value}, {"z", "y"}});
    CAPTURE(size);
    CHECK(set.view().get("long") == value);
    CHECK(set.view().get("z") == "y");
  }
}

TEST_CASE("label sets sort as Prometheus sorts them", "[model][labels]") {
  const LabelSet sets[] = {
      make({}),           make({{"a", "1"}}), make({{"a", "1"}, {"b", "1"}}), make({{"a", "10"}}),
      make({{"a", "2"}}), make({{"b", "0"}}),
  };
  for (std::size_t i = 0; i < std::size(sets); ++i) {
    for (std::size_t j = 0; j < std::size(sets); ++j) {
      CAPTURE(i, j);
      CHECK((sets[i].view() <=> sets[j].view()) == (i <=> j));
    }
  }
}

TEST_CASE("labels_text reads back as a selector", "[model][labels]") {
  CHECK(labels_text(make({{kNameLabel, "up"}}).view()) == "up");
  CHECK(labels_text(make({{kNameLabel, "up"}, {"job", "a\"b\\\n"}}).view()) == R"(up{job="a\"b\\\n"})");
  CHECK(labels_text(make({{kNameLabel, "a.b"}, {"x y", "1"}}).view()) == R"({"a.b", "x y"="1"})");
  CHECK(labels_text(make({{"job", "1"}}).view()) == R"({job="1"})");
  CHECK(labels_text(LabelsView()) == "{}");
}

TEST_CASE("legacy names are told from UTF-8 names", "[model][labels]") {
  CHECK(is_legacy_metric_name("a:b_c9"));
  CHECK_FALSE(is_legacy_metric_name("9a"));
  CHECK_FALSE(is_legacy_metric_name(""));
  CHECK_FALSE(is_legacy_metric_name("a.b"));
  CHECK(is_legacy_label_name("_x"));
  CHECK_FALSE(is_legacy_label_name("a:b"));
}

}  // namespace
}  // namespace mcore
