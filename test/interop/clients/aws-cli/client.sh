#!/bin/sh
# Asks STS who it is and S3 for the buckets, once for every line on standard input. Every round is
# two new processes, each of which fetches credentials for itself.

quote() { tr -c '[:print:]' ' ' | sed 's/[\\"]/\\&/g; s/^ *//; s/ *$//; s/.*/"&"/'; }

# Version 2.13 and later read AWS_ENDPOINT_URL by themselves.
endpoint=$AWS_ENDPOINT_URL
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

echo "{\"version\": $(aws --version 2>&1 | sed 's/^aws-cli.//; s/ .*//' | quote)}"
while read -r _; do
  if arn=$(aws --endpoint-url "$endpoint" sts get-caller-identity --query Arn --output text 2>"$errors") &&
    buckets=$(aws --endpoint-url "$endpoint" s3 ls 2>"$errors"); then
    # Lines of "DATE TIME NAME".
    names=$(printf '%s\n' "$buckets" | sed 's/^[^ ]* *[^ ]* *\(.*\)$/"\1"/' | paste -sd, -)
    echo "{\"arn\": \"$arn\", \"buckets\": [$names]}"
  else
    echo "{\"error\": $(quote <"$errors")}"
  fi
done
