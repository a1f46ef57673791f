# SPDX-License-Identifier: Apache-2.0
"""Differences that are known: the server compared with is a 3.5, the language here that of 3.14, and the server has bugs."""
import re

# What newer versions say otherwise, as (pattern, replacement, reason); both sides' notes are compared once more after it.
NOTE_CHANGES = [
    (r'^(PromQL (?:warning: (?:bucket label "le" is missing|vector contains a mix of classic and native)|info: input to '
     r'histogram_).*?)(?: for metric name)? "[^"]*?"(?= \(\d+:\d+\)$)(?<!of "")', r"\1",
     "notes on histograms name the metric only under promql-delayed-name-removal (3.6)"),
]


class Explanation:
    """Differences of some kinds, where the expression and the detail match."""

    def __init__(self, reason, kinds, expression="", detail=""):
        self.reason = reason
        self.kinds = kinds.split(", ")
        self.expression = re.compile(expression, re.DOTALL | re.IGNORECASE)
        self.detail = re.compile(detail, re.DOTALL)

    def covers(self, question, kind, detail):
        return kind in self.kinds and self.expression.search(question.text) and self.detail.search(detail)


EXPLANATIONS = []
