# SPDX-License-Identifier: Apache-2.0
"""Reads every rule of a directory with pySigma, and runs those of its validators that need no network."""
import pathlib
import sys

from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
from sigma.validation import SigmaValidator

# The first two fetch lists from the network. Fields below an object are not known to any taxonomy of Sigma's own.
UNFIT = {"attacktag", "d3_fendtag", "d3fendtag", "filename_length"}

rules = SigmaCollection.load_ruleset([pathlib.Path(sys.argv[1])], collect_errors=True)
found = [str(error) for error in rules.errors]
validators = {
    name: validator
    for name, validator in InstalledSigmaPlugins.autodiscover().validators.items()
    if name not in UNFIT
}
validator = SigmaValidator(validators.values())
found += [str(issue) for issue in validator.validate_rules(rules)]
print(f"{len(rules.rules)} rules, {len(validators)} validators")
print("\n".join(found))
sys.exit(1 if found else 0)
