"""Asks STS who it is and S3 for the buckets, once for every line on standard input."""

import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def answer(document):
    print(json.dumps(document), flush=True)


answer({"version": boto3.__version__})
clients = None
for _ in sys.stdin:
    try:
        # One pair of clients for the life of the process, so that they hold on to their session.
        clients = clients or (boto3.client("sts"), boto3.client("s3"))
        sts, s3 = clients
        arn = sts.get_caller_identity()["Arn"]
        answer({"arn": arn, "buckets": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]})
    except (BotoCoreError, ClientError) as error:
        answer({"error": str(error)})
