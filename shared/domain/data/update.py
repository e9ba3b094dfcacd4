#!/usr/bin/env python3
"""Rewrites the lists of other projects in this folder from newer releases.

    npm pack uap-core && tar xzf uap-core-*.tgz
    pip download --no-deps crawler-user-agents && unzip -o crawler_user_agents-*.whl
    python3 update.py package/regexes.yaml crawleruseragents/crawler-user-agents.json

Needs PyYAML. Afterwards set the versions in README.md and run the tests of `analytics::ingest::user_agent`.
"""

import json
import pathlib
import sys

import yaml

here = pathlib.Path(__file__).parent
regexes, crawlers = (pathlib.Path(path).read_text(encoding="utf-8") for path in sys.argv[1:3])

# Leave out the device parsers: they cost as much as all the others, and find makes and models, which Waypost does not
# use.
families = yaml.safe_load(regexes)
kept = {name: families[name] for name in ("user_agent_parsers", "os_parsers")}
(here / "uap-core.json").write_text(json.dumps(kept, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")

# The first tag is the main purpose of a bot.
patterns = [f"{entry['tags'][0]}\t{entry['pattern']}\n" for entry in json.loads(crawlers)]
assert all(pattern.count("\n") == 1 and pattern.count("\t") == 1 for pattern in patterns)
(here / "crawler-user-agents.txt").write_text("".join(patterns), encoding="utf-8")
