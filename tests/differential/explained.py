# SPDX-License-Identifier: Apache-2.0
"""Differences that a newer language explains: the server compared with is a 3.5, the language here that of 3.14."""
import re


class Explanation:
    """Differences of some kinds, where the expression and the detail match."""

    def __init__(self, reason, kinds, expression="", detail=""):
        self.reason = reason
        self.kinds = kinds
        self.expression = re.compile(expression, re.DOTALL)
        self.detail = re.compile(detail, re.DOTALL)

    def covers(self, question, kind, detail):
        return kind in self.kinds and self.expression.search(question.text) and self.detail.search(detail)


EXPLANATIONS = []


def explanation_of(question, kind, detail):
    """The first that covers the difference, or None."""
    return next((one for one in EXPLANATIONS if one.covers(question, kind, detail)), None)
