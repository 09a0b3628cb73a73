"""Judges a file of JSON lines with a folder of rules by azuma, a Sigma library in Python; prints one {"rule_id"} a match."""

import json
import os
import sys

from azuma import Rule

rules = []
for folder, _, files in os.walk(sys.argv[1]):
    for file in files:
        try:
            rules.append(Rule.model_validate_file(os.path.join(folder, file)))
        except Exception as error:  # a rule that it does not read is one that it does not match
            print(f"{file}: {error}", file=sys.stderr)
with open(sys.argv[2], encoding="utf-8") as lines:
    for line in lines:
        event = json.loads(line)
        for rule in rules:
            try:
                if rule.match(event):
                    print(json.dumps({"rule_id": str(rule.id)}))
            except Exception as error:
                print(f"{rule.id}: {error}", file=sys.stderr)
