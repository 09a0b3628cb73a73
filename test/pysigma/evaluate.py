"""What pySigma takes rules to mean.

Reads cases {name, yaml, placeholders, events} as JSON from standard input and writes, for each, {name, found: [one for each event]} or
{name, error}. A rule is parsed by pySigma, and the condition tree that it gives, with its modifiers applied, is evaluated on the events:
what is decided here is only what pySigma leaves to a backend.
"""

import json
import re
import sys
from datetime import datetime
from ipaddress import ip_address

from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import ValueListPlaceholderTransformation
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: re.IGNORECASE,
    SigmaRegularExpressionFlag.MULTILINE: re.MULTILINE,
    SigmaRegularExpressionFlag.DOTALL: re.DOTALL,
}


def scalars(value):
    if isinstance(value, list):
        return [text for item in value for text in scalars(item)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in scalars(item)]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]


def pattern(string, anywhere):
    """A regular expression for a string with wildcards, as a whole value or anywhere in one."""
    parts = []
    for part in string.s:
        if isinstance(part, str):
            parts.append(re.escape(part))
        elif part == SpecialChars.WILDCARD_MULTI:
            parts.append(".*")
        elif part == SpecialChars.WILDCARD_SINGLE:
            parts.append(".")
        else:
            raise ValueError(f"placeholder {part} is left")
    body = "".join(parts)
    flags = re.DOTALL | (0 if isinstance(string, SigmaCasedString) else re.IGNORECASE)
    return re.compile(f".*{body}.*" if anywhere else body, flags)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def date_part(text, part):
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.isocalendar().week if part == "week" else getattr(time, part)


def within(text, network):
    try:
        return ip_address(text) in network
    except ValueError:
        return False


def compares(left, operator, right):
    return {"LT": left < right, "LTE": left <= right, "GT": left > right, "GTE": left >= right, "NEQ": left != right}[operator]


def holds(value, texts, field, event):
    """Whether one of the values of a field (of the event, for a keyword) is what a pySigma value asks for."""
    if isinstance(value, SigmaExpansion):
        return any(holds(each, texts, field, event) for each in value.values)
    if isinstance(value, SigmaExists):
        return (field in event) == bool(value.exists)
    if isinstance(value, SigmaNull):
        return not texts
    if isinstance(value, SigmaString):
        expression = pattern(value, field is None)
        return any(expression.fullmatch(text) for text in texts)
    if isinstance(value, SigmaTimestampPart):
        return any(date_part(text, value.timestamp_part.name.lower()) == value.number for text in texts)
    if isinstance(value, SigmaNumber):
        wanted = str(value.number)
        return any(text == wanted or (field is None and wanted in text) for text in texts)
    if isinstance(value, SigmaBool):
        return any(text.lower() == str(value.boolean).lower() for text in texts)
    if isinstance(value, SigmaRegularExpression):
        flags = 0
        for flag in value.flags:
            flags |= FLAGS[flag]
        return any(re.search(str(value.regexp), text, flags) for text in texts)
    if isinstance(value, SigmaCIDRExpression):
        return any(within(text, value.network) for text in texts)
    if isinstance(value, SigmaCompareExpression):
        part = value.number.timestamp_part.name.lower() if isinstance(value.number, SigmaTimestampPart) else None
        numbers = [number(text) if part is None else date_part(text, part) for text in texts]
        return any(compares(each, value.op.name, value.number.number) for each in numbers if each is not None)
    if isinstance(value, SigmaFieldReference):
        others = [text.lower() for text in scalars(event.get(value.field))]
        start, end = bool(value.starts_with), bool(value.ends_with)
        for text in (text.lower() for text in texts):
            for other in others:
                if start and end:
                    found = other in text
                elif start:
                    found = text.startswith(other)
                elif end:
                    found = text.endswith(other)
                else:
                    found = text == other
                if found:
                    return True
        return False
    raise ValueError(f"no meaning for {type(value).__name__}")


def evaluate(node, event):
    if isinstance(node, ConditionAND):
        return all(evaluate(item, event) for item in node.args)
    if isinstance(node, ConditionOR):
        return any(evaluate(item, event) for item in node.args)
    if isinstance(node, ConditionNOT):
        return not evaluate(node.args[0], event)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return holds(node.value, scalars(event.get(node.field)), node.field, event)
    if isinstance(node, ConditionValueExpression):
        return holds(node.value, scalars(event), None, event)
    raise ValueError(f"no meaning for {type(node).__name__}")


def covers(rule):
    product, category = (part and part.lower() for part in (rule.logsource.product, rule.logsource.category))
    return product in (None, "windows") and category in (None, "process_creation") and rule.logsource.service is None


def judge(case):
    rules = SigmaCollection.from_yaml(case["yaml"]).rules
    pipeline = ProcessingPipeline(
        items=[ProcessingItem(ValueListPlaceholderTransformation())], vars=case.get("placeholders") or {}
    )
    conditions = []
    for rule in rules:
        pipeline.apply(rule)
        conditions.append([condition.parsed for condition in rule.detection.parsed_condition])
    return [
        any(covers(rule) and any(evaluate(tree, event) for tree in trees) for rule, trees in zip(rules, conditions))
        for event in case["events"]
    ]


def main():
    results = []
    for case in json.load(sys.stdin):
        try:
            results.append({"name": case["name"], "found": judge(case)})
        except Exception as error:  # whatever keeps pySigma from a rule is the answer
            results.append({"name": case["name"], "error": f"{type(error).__name__}: {error}"})
    json.dump(results, sys.stdout)


main()
