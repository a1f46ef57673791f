# SPDX-License-Identifier: Apache-2.0
"""Random expressions that parse: all of the language, weighted towards what has an answer."""
from vocabulary import FUNCTIONS

RANGES = ["1m", "90s", "2m", "3m", "5m", "7m", "10m", "15m", "30m", "1h", "1h30m", "3h", "6h", "300", "61s", "1d"]
SUBQUERIES = ["5m:1m", "10m:", "10m:37s", "30m:5m", "1h:", "1h:7m", "2h:10m", "3m:10s", "1m:1m", "61s:30s", "2m:1500ms",
              "6h:1h", "1d:1h"]
OFFSETS = ["1m", "5m", "7m30s", "1h", "30s", "1s", "-1m", "-5m", "-1h", "1ms", "1d", "90", "0s"]
NUMBERS = ["0", "1", "2", "-1", "0.5", "3.14159", "1e3", "1e-3", "100", "0.1", "-0.25", "7", "60", "3600", "1h", "1e300", "NaN",
           "Inf", "-Inf", "0x1F", "1e-300", "5", "10", "1_000"]
QUANTILES = ["0.5", "0.9", "0.95", "0.99", "0", "1", "0.25", "0.1", "1.5", "-0.5", "NaN", "0.333"]
FACTORS = ["0.5", "0.3", "0.9", "0.1", "0.01", "0.75", "1", "0", "1.5"]
ARITHMETIC = ["+", "-", "*", "/", "%", "^", "atan2"]
COMPARISONS = ["==", "!=", ">", "<", ">=", "<="]
SETS = ["and", "or", "unless"]
AGGREGATIONS = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]
REPLACEMENTS = [("(.*)", "$1"), ("(.).*", "x-$1"), (".*", "same"), ("(w)(.*)", "$2$1"), ("no", "yes"), ("", "empty"),
                ("(?P<rest>.+)", "${rest}!"), (".+", "")]


class Expressions:
    """Writes one expression after another; `parts` holds the expressions inside the last one, the smallest first."""

    def __init__(self, random, vocabulary):
        self.random = random
        self.words = vocabulary
        self.parts = []
        self.focus = None

    def one(self, is_range):
        """An expression for a query over a range or at one time."""
        self.parts = []
        self.focus = self.some_name()
        depth = self.pick([(1, 3), (2, 5), (3, 4), (4, 2), (5, 1)])
        kinds = [(self.vector, 40), (self.scalar, 2)]
        if not is_range:
            kinds += [(self.matrix, 3), (self.string, 0.2), (self.ordered, 4)]
        text = self.pick(kinds)(depth)
        self.parts = sorted(set(self.parts) - {text}, key=len)
        return text

    # What the others are made of.

    def pick(self, weighted):
        return self.random.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]

    def any_of(self, words):
        return self.random.choice(words)

    def chance(self, share):
        return self.random.random() < share

    def noted(self, text):
        self.parts.append(text)
        return text

    def some_name(self):
        words = self.words
        groups = [(words.names, 4), (words.histograms, 3), (words.counters, 3), (words.classic, 1)]
        return self.any_of(self.pick([(group, weight) for group, weight in groups if group]))

    def name(self):
        return self.focus if self.chance(0.65) else self.some_name()

    def quoted(self, text):
        if self.chance(0.1) and "'" not in text and "\\" not in text and "\n" not in text:
            return f"'{text}'"
        if self.chance(0.05) and "`" not in text:
            return f"`{text}`"
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    def label_name(self, label):
        return label if is_plain(label) else self.quoted(label)

    def labels(self, most=3):
        """Label names for a clause: those of the metric at hand, seldom another."""
        known = self.words.labels_of(self.focus)
        picked = self.random.sample(known, self.random.randint(0, min(most, len(known))))
        if self.chance(0.08):
            picked.append(self.any_of(["nosuch", "__name__", "le", "job"]))
        return ", ".join(self.label_name(label) for label in dict.fromkeys(picked))

    def number(self):
        if self.words.values and self.chance(0.25):
            return self.any_of(self.words.values)
        return self.any_of(NUMBERS)

    def keyword(self, word):
        return word.upper() if self.chance(0.03) else word

    # Selectors.

    def matcher(self, name):
        labels = self.words.labels_of(name)
        if not labels or self.chance(0.04):
            return self.any_of(['nosuch=""', 'job=~".+"', 'job!="none"', 'nosuch="x"', 'instance!~"web1.*"'])
        label = self.any_of(labels)
        values = self.words.values_of(name, label)
        value = self.any_of(values)
        left = self.label_name(label)
        literal = "".join("\\" + char if char in '\\.+*?()|[]{}^$' else char for char in value)
        kind = self.pick([("=", 6), ("!=", 3), ("=~", 3), ("!~", 2)])
        if kind in ("=", "!="):
            return left + kind + self.quoted("" if self.chance(0.03) else value)
        other = self.any_of(values)
        pattern = self.any_of([literal, literal[:1].rstrip("\\") + ".*", ".+", ".*" + literal[-1:] if literal else ".*",
                               f"{literal}|nosuch", "(?i)" + literal.upper() if is_plain(value) else ".?.*",
                               "|".join(word for word in (value, other) if is_plain(word)) or "x?.+"])
        return left + kind + self.quoted(pattern)

    def selector(self):
        name = self.name()
        matchers = [self.matcher(name) for _ in range(self.pick([(0, 5), (1, 4), (2, 1), (3, 0.3)]))]
        if self.chance(0.04):
            picked = [name, self.some_name()]
            start = self.any_of(['__name__=~"{}|{}"'.format(*picked) if all(map(is_plain, picked)) else '__name__=~".+"',
                                 f'__name__=~"{picked[0][:3]}.*"', '__name__!=""'])
            return "{" + ", ".join([start, *matchers]) + "}"
        if not is_plain(name) or self.chance(0.02):
            return "{" + ", ".join([self.any_of([self.quoted(name), "__name__=" + self.quoted(name)]), *matchers]) + "}"
        return name + ("{" + ",".join(matchers) + self.any_of(["", ","]) + "}" if matchers else self.any_of(["", "", "", "{}"]))

    def moved(self):
        """offset and @, as they follow a selector."""
        parts = []
        if self.chance(0.12):
            parts.append(f"{self.keyword('offset')} {self.any_of(OFFSETS)}")
        if self.chance(0.07):
            time = self.random.randint(self.words.first_s, self.words.last_s)
            parts.append("@ " + self.any_of(["start()", "end()", str(time), f"{time // 60 * 60}", f"{time}.5"]))
        self.random.shuffle(parts)
        return "".join(" " + part for part in parts)

    def matrix(self, depth):
        if depth > 1 and self.chance(0.25):
            inner = self.vector(depth - 1)
            return self.noted(f"({inner})[{self.any_of(SUBQUERIES)}]{self.moved()}")
        if self.chance(0.05):
            return self.noted(f"{self.selector()}[{self.any_of(SUBQUERIES)}]{self.moved()}")
        return self.noted(f"{self.selector()}[{self.any_of(RANGES)}]{self.moved()}")

    # Vectors.

    def vector(self, depth):
        if depth <= 0:
            return self.noted(self.selector() + self.moved())
        kinds = [(self.leaf, 1), (self.call, 8), (self.aggregation, 6), (self.binary, 7), (self.histogram, 3), (self.relabelled, 1),
                 (self.unary, 0.7), (self.enclosed, 0.5)]
        if "info" in self.words.forms:
            kinds.append((self.info, 0.4))
        return self.noted(self.pick(kinds)(depth))

    def leaf(self, _):
        return self.selector() + self.moved()

    def unary(self, depth):
        return self.any_of(["-", "+", "- "]) + self.operand(depth - 1)

    def enclosed(self, depth):
        return f"({self.vector(depth - 1)})"

    def operand(self, depth):
        """A vector that binds tighter than any operator, as a rule."""
        text = self.vector(depth)
        return text if self.chance(0.2) else f"({text})"

    def call(self, depth):
        name = self.any_of(self.words.functions)
        words = []
        shape = FUNCTIONS[name]
        while shape:
            if shape[0] == "?":
                if self.chance(0.4):
                    break
                shape = shape[1:]
            words.append(self.argument(shape[0], depth))
            shape = shape[1:]
        return f"{name}({', '.join(words)})"

    def argument(self, kind, depth):
        if kind == "v":
            return self.vector(depth - 1)
        if kind == "m":
            return self.matrix(depth - 1)
        if kind == "q":
            return self.any_of(QUANTILES) if self.chance(0.9) else self.scalar(depth - 1)
        if kind == "f":
            return self.any_of(FACTORS)
        if kind == "t":
            return ", ".join(self.quoted(label) for label in self.words.labels_of(self.focus)[:2] or ["job"])
        return self.scalar(depth - 1 if self.chance(0.3) else 0)

    def grouping(self):
        return f"{self.keyword(self.any_of(['by', 'by', 'without']))} ({self.labels()})"

    def aggregation(self, depth):
        kind = self.pick([("plain", 8), ("k", 3), ("quantile", 1), ("count_values", 0.7), ("ratio", 0.7)])
        parameter = ""
        if kind == "plain":
            name = self.any_of(AGGREGATIONS)
        elif kind == "k":
            name = self.any_of(["topk", "bottomk", "limitk"])
            parameter = self.any_of(["1", "2", "3", "5", "10", "0", "1.9", "-1"]) + ", "
        elif kind == "quantile":
            name, parameter = "quantile", self.any_of(QUANTILES) + ", "
        elif kind == "count_values":
            name, parameter = "count_values", self.quoted(self.any_of(["v", "value", "job", "ü"])) + ", "
        else:
            name, parameter = "limit_ratio", self.any_of(["0.5", "-0.5", "0.1", "1", "-1", "2", "0", "0.77"]) + ", "
        if kind not in ("plain", "count_values") and self.chance(0.05):
            parameter = self.scalar(1) + ", "
        name = self.keyword(name)
        inner = f"({parameter}{self.vector(depth - 1)})"
        form = self.random.random()
        if form < 0.25:
            return name + inner
        return f"{name} {self.grouping()} {inner}" if form < 0.85 else f"{name}{inner} {self.grouping()}"

    def binary(self, depth):
        kind = self.pick([("arithmetic", 5), ("comparison", 3), ("set", 2), ("number", 4)])
        if kind == "number":
            return self.with_number(depth)
        left = self.operand(depth - 1)
        right = self.any_of([left, self.operand(depth - 1), self.operand(self.random.randint(0, depth - 1))])
        operator = self.any_of({"arithmetic": ARITHMETIC, "comparison": COMPARISONS, "set": SETS}[kind])
        text = self.keyword(operator)
        if kind == "comparison" and self.chance(0.4):
            text += " bool"
        if self.chance(0.5):
            text += self.matching(kind == "set")
        return f"{left} {text} {right}"

    def matching(self, is_set):
        text = f" {self.keyword(self.any_of(['on', 'on', 'ignoring']))} ({self.labels()})"
        if not is_set and self.chance(0.45):
            copied = self.labels(1)
            if copied and copied in text:
                copied = ""  # the parser refuses a label in both lists
            text += f" {self.any_of(['group_left', 'group_right'])} ({copied})"
        return text

    def with_number(self, depth):
        vector = self.operand(depth - 1)
        number = self.number() if self.chance(0.7) else self.scalar(depth - 1)
        operator = self.any_of(ARITHMETIC + COMPARISONS + [">", "<", "*", "/"])
        if "trim" in self.words.forms and self.chance(0.1):
            return f"{vector} {self.any_of(['</', '>/'])} {number}"
        if operator in COMPARISONS and self.chance(0.4):
            operator += " bool"
        return f"{vector} {operator} {number}" if self.chance(0.7) else f"{number} {operator} {vector}"

    # Histograms, labels, order.

    def histogram(self, depth):
        kind = self.pick([("classic", 3), ("native", 5), ("any", 1)])
        if kind == "classic" and self.words.classic:
            self.focus = self.any_of(self.words.classic)
            inner = f"{self.any_of(['rate', 'increase', 'last_over_time', 'delta'])}({self.matrix(0)})"
            if self.chance(0.6):
                labels = ", ".join(["le", *self.random.sample(["path", "job"], self.random.randint(0, 2))])
                inner = f"{self.any_of(['sum', 'sum', 'max', 'avg'])} by ({labels}) ({inner})"
        elif kind == "native" and self.words.histograms:
            self.focus = self.any_of(self.words.histograms)
            inner = self.vector(depth - 1)
        else:
            inner = self.vector(depth - 1)
        inner = self.noted(inner)
        if self.chance(0.3):
            low, high = self.number(), self.number()
            return f"histogram_fraction({low}, {high}, {inner})"
        return f"histogram_quantile({self.any_of(QUANTILES)}, {inner})"

    def relabelled(self, depth):
        inner = self.vector(depth - 1)
        known = [*self.words.labels_of(self.focus), "job", "__name__"]
        if self.chance(0.3):
            sources = ", ".join(self.quoted(self.any_of(known)) for _ in range(self.random.randint(0, 3)))
            return f'label_join({inner}, "{self.any_of(["new", "job", "b"])}", "{self.any_of(["-", "", ","])}"{sources and ", " + sources})'
        pattern, text = self.any_of(REPLACEMENTS)
        target = self.any_of(["new", "new", "code", "job", "instance", "__name__", "path", "ä"])
        return f'label_replace({inner}, "{target}", "{text}", {self.quoted(self.any_of(known))}, "{pattern}")'

    def info(self, depth):
        matchers = self.any_of(["", "", ', {region=~".+"}', ', {__name__="target_info"}', ', {region="north"}',
                                ', {__name__=~".+_info", region!=""}', ', {version=~".*"}'])
        return f"info({self.vector(depth - 1)}{matchers})"

    def ordered(self, depth):
        """What has an order at one time."""
        inner = self.vector(depth - 1)
        label = self.quoted(self.any_of(self.words.labels_of(self.focus) or ["job"]))
        return self.any_of([f"sort({inner})", f"sort_desc({inner})", f"topk({self.any_of('1235')}, {inner})",
                            f"bottomk({self.any_of('1235')}, {inner})", f"sort_by_label({inner}, {label})",
                            f"sort_by_label_desc({inner}, {label})", f"topk by ({self.labels(1)}) (2, {inner})"])

    # Scalars and strings.

    def scalar(self, depth):
        if depth <= 0:
            return self.number()
        kind = self.pick([("number", 3), ("time", 1), ("of", 3), ("binary", 2), ("pi", 0.3), ("negative", 0.5)])
        if kind == "number":
            return self.number()
        if kind == "time":
            return "time()"
        if kind == "pi":
            return "pi()"
        if kind == "of":
            return self.noted(f"scalar({self.vector(depth - 1)})")
        if kind == "negative":
            return self.noted(f"-{self.scalar(depth - 1)}")
        operator = self.any_of(ARITHMETIC + [name + " bool" for name in COMPARISONS])
        return self.noted(f"({self.scalar(depth - 1)} {operator} {self.scalar(depth - 1)})")

    def string(self, _):
        return self.quoted(self.any_of(["", "some text", "ü\n", 'a "quoted" \\ word']))


def is_plain(name):
    return name.isascii() and name.replace("_", "a").isalnum() and not name[:1].isdigit()
