// Asks STS who it is and S3 for the buckets, once for every line on standard input.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

const answer = (document) => process.stdout.write(JSON.stringify(document) + '\n')

answer({ version: createRequire(import.meta.url)('@aws-sdk/client-s3/package.json').version })
const sts = new STSClient()
const s3 = new S3Client()
for await (const _line of createInterface({ input: process.stdin })) {
  try {
    const { Arn: arn } = await sts.send(new GetCallerIdentityCommand())
    const { Buckets: buckets } = await s3.send(new ListBucketsCommand())
    answer({ arn, buckets: buckets.map(({ Name: name }) => name) })
  } catch (error) {
    answer({ error: error.message })
  }
}
