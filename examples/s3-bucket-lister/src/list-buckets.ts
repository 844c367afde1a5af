import { paginateListBuckets, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { type Environment, needsPathStyle, regionFrom } from './endpoint.js'

/** One bucket of the account. */
export interface Bucket {
  readonly name: string
  readonly createdAt: Date | undefined
}

/** What one round found out. Never holds a key. */
export interface Listing {
  /** ARN of who the credentials belong to. */
  readonly caller: string
  readonly buckets: readonly Bucket[]
  /** When the credentials in use end; absent for keys that do not. */
  readonly sessionExpiration: Date | undefined
}

const PAGE_SIZE = 1000

/**
 * A function that lists all buckets, and says who asks. It names no credentials: the SDK's default
 * chain finds them, and finds new ones before they expire.
 *
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html
 */
export function bucketLister(env: Environment): (signal: AbortSignal) => Promise<Listing> {
  const region = regionFrom(env)
  const s3 = new S3Client({ region, forcePathStyle: needsPathStyle(env) })
  // One chain for both clients, so that both use the same session.
  const sts = new STSClient({ region, credentials: s3.config.credentials })

  return async (abortSignal) => {
    const identity = await sts.send(new GetCallerIdentityCommand({}), { abortSignal })
    const buckets: Bucket[] = []
    const config = { client: s3, pageSize: PAGE_SIZE }
    for await (const page of paginateListBuckets(config, {}, { abortSignal })) {
      for (const { Name, CreationDate } of page.Buckets ?? []) {
        if (Name !== undefined) buckets.push({ name: Name, createdAt: CreationDate })
      }
    }
    const { expiration } = await s3.config.credentials()
    return { caller: identity.Arn ?? 'unknown', buckets, sessionExpiration: expiration }
  }
}
