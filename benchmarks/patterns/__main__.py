"""Print a template for each pattern."""

import json
import sys

from benchmarks import patterns

sys.stdout.write(json.dumps(patterns.synthesize(sys.argv[1])))
