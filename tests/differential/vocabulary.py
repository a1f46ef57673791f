# SPDX-License-Identifier: Apache-2.0
"""What a directory holds, asked of the server that serves it, and what that server knows of the language."""
import json
import os

# Every function of the language but those that another module writes out: v vector, m range vector, s scalar, t label name;
# ? before what may be left out.
FUNCTIONS = {
    "abs": "v", "acos": "v", "acosh": "v", "asin": "v", "asinh": "v", "atan": "v", "atanh": "v", "ceil": "v", "cos": "v",
    "cosh": "v", "deg": "v", "exp": "v", "floor": "v", "ln": "v", "log10": "v", "log2": "v", "rad": "v", "sgn": "v",
    "sin": "v", "sinh": "v", "sqrt": "v", "tan": "v", "tanh": "v", "round": "v?s", "clamp": "vss", "clamp_max": "vs",
    "clamp_min": "vs", "timestamp": "v", "minute": "?v", "hour": "?v", "day_of_week": "?v", "day_of_month": "?v",
    "day_of_year": "?v", "days_in_month": "?v", "month": "?v", "year": "?v", "histogram_avg": "v", "histogram_count": "v",
    "histogram_stddev": "v", "histogram_stdvar": "v", "histogram_sum": "v", "sort": "v", "sort_desc": "v", "absent": "v",
    "avg_over_time": "m", "changes": "m", "count_over_time": "m", "delta": "m", "deriv": "m", "first_over_time": "m",
    "idelta": "m", "increase": "m", "irate": "m", "last_over_time": "m", "mad_over_time": "m", "max_over_time": "m",
    "min_over_time": "m", "predict_linear": "ms", "present_over_time": "m", "quantile_over_time": "qm", "rate": "m",
    "resets": "m", "stddev_over_time": "m", "stdvar_over_time": "m", "sum_over_time": "m", "ts_of_first_over_time": "m",
    "ts_of_last_over_time": "m", "ts_of_max_over_time": "m", "ts_of_min_over_time": "m", "absent_over_time": "m",
    "double_exponential_smoothing": "mff", "sort_by_label": "vt", "sort_by_label_desc": "vt", "vector": "s",
}

# Forms of newer servers, each with an expression that shows whether this one has it.
NEWER_FORMS = {"trim": "up </ 1", "duration_functions": "up[step()+1m]", "fill": "up + fill(0) up",
               "histogram_quantiles": 'histogram_quantiles(up, "q", 0.5)', "info": "info(up)",
               "anchored": "rate(up[5m] anchored)", "range": "range()", "max_of": "max_of(1, 2)"}


class Vocabulary:
    """The names, labels, values and times of a directory."""

    def __init__(self, server, folder):
        self.first_s, self.last_s = self.times(server, folder)
        span = {"start": self.first_s, "end": self.last_s}
        self.series = {}  # metric name -> its label sets, the name left out
        for labels in server.get("series", {"match[]": '{__name__=~".+"}', **span})["data"]:
            name = labels.pop("__name__")
            self.series.setdefault(name, []).append(labels)
        self.names = sorted(self.series)
        self.histograms, values = self.newest(server)
        self.values = sorted(values)
        self.classic = [name for name in self.names if any("le" in labels for labels in self.series[name])]
        self.counters = [name for name in self.names if name.endswith(("_total", "_bucket", "_count", "_sum"))]
        self.functions = [name for name, shape in FUNCTIONS.items() if knows(server, call_of(name, shape))]
        self.forms = {name for name, example in NEWER_FORMS.items() if knows(server, example)}

    @staticmethod
    def times(server, folder):
        """The first and the last second that hold samples."""
        head = server.get("status/tsdb", {})["data"]["headStats"]
        bounds = [(head["minTime"], head["maxTime"])] if head["numSeries"] else []
        for name in os.listdir(folder):
            path = os.path.join(folder, name, "meta.json")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    meta = json.load(file)
                bounds.append((meta["minTime"], meta["maxTime"]))
        return min(low for low, _ in bounds) // 1000, max(high for _, high in bounds) // 1000 + 1

    def newest(self, server):
        """The metrics that have native histograms, and the values of the others."""
        found = server.get("query", {"query": f'last_over_time({{__name__=~".+"}}[{self.last_s - self.first_s}s])',
                                     "time": self.last_s})
        histograms = {one["metric"]["__name__"] for one in found["data"]["result"] if "histogram" in one}
        values = {one["value"][1] for one in found["data"]["result"] if "value" in one}
        return sorted(histograms), {text for text in values if text not in ("NaN", "+Inf", "-Inf")}

    def labels_of(self, name):
        return sorted({label for labels in self.series[name] for label in labels})

    def values_of(self, name, label):
        return sorted({labels[label] for labels in self.series[name] if label in labels})


def call_of(name, shape):
    words = {"v": "up", "m": "up[5m]", "s": "1", "q": "0.5", "f": "0.5", "t": '"job"'}
    return f"{name}({', '.join(words[kind] for kind in shape.replace('?', ''))})"


def knows(server, expression):
    return server.get("query", {"query": expression, "time": 0})["status"] == "success"
