# SPDX-License-Identifier: Apache-2.0
"""How two replies differ, as (kind, detail) or None."""
import math
import re

OMITTED = re.compile(r"^\d+ more (warning|info) annotations omitted$")
ORDERED = re.compile(r"^(sort|sort_desc|sort_by_label|sort_by_label_desc|topk|bottomk)\s*\(")


def difference(question, theirs, ours):
    """The gravest difference, seen as a server's user would."""
    if (theirs.error is None) != (ours.error is None):
        return "status", f"server: {theirs.error or 'an answer'}; mquery: {ours.error or 'an answer'}"
    if theirs.error is not None:
        return None if theirs.error == ours.error else ("error text", f"server: {theirs.error}; mquery: {ours.error}")
    return data_difference(question, theirs.data, ours.data) or note_difference(theirs.notes, ours.notes)


def data_difference(question, theirs, ours):
    if theirs["resultType"] != ours["resultType"]:
        return "type", f"server: {theirs['resultType']}; mquery: {ours['resultType']}"
    if theirs["resultType"] in ("scalar", "string"):
        return point_difference("", theirs["result"], ours["result"])
    wanted, got = by_labels(theirs["result"]), by_labels(ours["result"])
    if wanted.keys() != got.keys() or len(theirs["result"]) != len(ours["result"]):
        return "series", (f"server {len(theirs['result'])}, mquery {len(ours['result'])}; only the server: "
                          f"{names(wanted.keys() - got.keys())}; only mquery: {names(got.keys() - wanted.keys())}")
    found = [one for one in (series_difference(names([key]), wanted[key], got[key]) for key in wanted) if one]
    if found:
        return min(found, key=lambda one: ("points", "histograms", "values", "digits").index(one[0]))
    has_order = theirs["resultType"] == "matrix" or ORDERED.match(question.text)
    if has_order and [key_of(one) for one in theirs["result"]] != [key_of(one) for one in ours["result"]]:
        return "order", f"server: {names(map(key_of, theirs['result']))}; mquery: {names(map(key_of, ours['result']))}"
    return None


def key_of(series):
    return tuple(sorted(series["metric"].items()))


def by_labels(result):
    return {key_of(series): series for series in result}


def names(keys):
    listed = ["{" + ", ".join(f'{name}="{value}"' for name, value in key) + "}" for key in keys]
    return " ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")


def points_of(series, one, several):
    return series.get(several) or ([series[one]] if one in series else [])


def series_difference(name, theirs, ours):
    for one, several in (("value", "values"), ("histogram", "histograms")):
        wanted, got = points_of(theirs, one, several), points_of(ours, one, several)
        if [point[0] for point in wanted] != [point[0] for point in got]:
            times = sorted({str(point[0]) for point in wanted} ^ {str(point[0]) for point in got})
            return "points", f"{name}: {several}: server {len(wanted)}, mquery {len(got)}, not in both: {' '.join(times[:5])}"
        found = [point for point in (point_difference(name, *pair) for pair in zip(wanted, got)) if point]
        if found:
            return min(found, key=lambda one: ("histograms", "values", "digits").index(one[0]))
    return None


def point_difference(name, theirs, ours):
    if theirs == ours:
        return None
    if str(theirs[0]) != str(ours[0]):
        return "values", f"time: server {theirs[0]}, mquery {ours[0]}"
    wanted, got = theirs[1], ours[1]
    if isinstance(wanted, str) and isinstance(got, str):
        kind = "digits" if is_close(wanted, got) else "values"
        return kind, f"{name} at {theirs[0]}: server {wanted}, mquery {got}"
    return histogram_difference(f"{name} at {theirs[0]}", wanted, got)


def histogram_difference(name, theirs, ours):
    shape = [[bucket[:3] for bucket in one.get("buckets", [])] for one in (theirs, ours)]
    if shape[0] != shape[1]:
        return "histograms", f"{name}: buckets: server {shape[0]}, mquery {shape[1]}"
    wanted, got = ([one["count"], one["sum"], *(bucket[3] for bucket in one.get("buckets", []))] for one in (theirs, ours))
    for place, pair in enumerate(zip(wanted, got)):
        if pair[0] != pair[1]:
            what = ("count", "sum")[place] if place < 2 else f"bucket {place - 2}"
            return ("digits" if is_close(*pair) else "histograms"), f"{name}: {what}: server {pair[0]}, mquery {pair[1]}"
    return None


def is_close(left, right):
    """Whether only the last digits differ."""
    try:
        return math.isclose(float(left), float(right), rel_tol=1e-9)
    except ValueError:
        return False


def note_difference(theirs, ours):
    """The server lists ten of each kind and counts the others, in no order."""
    wanted, got = set(theirs), set(ours)
    omitted = {text for text in wanted if OMITTED.match(text)}
    wanted -= omitted
    got = {text for text in got if not OMITTED.match(text)}
    kinds = {OMITTED.match(text).group(1) for text in omitted}
    surplus = {text for text in got - wanted if not any(text.startswith(f"PromQL {kind}") for kind in kinds)}
    missing = set() if omitted and len(got) >= len(wanted) else wanted - got
    if missing or surplus:
        return "notes", f"only the server: {sorted(missing)}; only mquery: {sorted(surplus)}"
    return None
