#!/bin/sh
# Asks the AWS policy simulator every case of this directory and compares its answer with the expected
# one. Needs the AWS command line, with credentials that allow iam:SimulateCustomPolicy. Nothing in the
# account is looked at or changed.
#
# Exit code: 0 all answers are as expected; 10 some are not; otherwise the simulator could not be asked.
set -eu
cd "$(dirname "$0")"

tab=$(printf '\t')
asked=0
differing=0
while IFS="$tab" read -r expected file; do
  found=$(aws iam simulate-custom-policy --cli-input-json "file://$file" \
    --query 'EvaluationResults[0].EvalDecision' --output text </dev/null)
  asked=$((asked + 1))
  if [ "$found" != "$expected" ]; then
    differing=$((differing + 1))
    echo "$file: $found, expected $expected"
  fi
done <expected.tsv
echo "$asked cases, $differing not as expected"
[ "$differing" -eq 0 ] || exit 10
