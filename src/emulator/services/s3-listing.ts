import { createHash } from 'node:crypto'
import { compare, encode } from '../http/canonical.js'
import { type Pair, valueOf } from '../http/exchange.js'
import { element, wrap } from '../http/xml.js'
import type { Bucket } from '../state/model.js'

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** A listing as XML; `undefined` when a parameter is out of range. */
export type S3Page = string | undefined

/**
 * One page of buckets, by name.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
 */
export function listBuckets(
  buckets: readonly Bucket[],
  query: readonly Pair[],
  account: string,
): S3Page {
  const prefix = valueOf(query, 'prefix') ?? ''
  const region = valueOf(query, 'bucket-region')
  const limit = readLimit(valueOf(query, 'max-buckets'), 1, 10_000)
  const after = readToken(valueOf(query, 'continuation-token'))
  if (limit === undefined || after === undefined) return undefined
  const matching = buckets
    .filter(({ name }) => name.startsWith(prefix) && name > after)
    .filter((bucket) => region === undefined || bucket.region === region)
    .sort((a, b) => compare(a.name, b.name))
  const shown = matching.slice(0, limit)
  const last = shown.at(-1)
  const entries = shown.map(({ name, createdAt, region: home }) =>
    wrap('Bucket', [
      element('Name', name),
      element('CreationDate', createdAt.toISOString()),
      element('BucketRegion', home),
    ]),
  )
  const owner = createHash('sha256').update(account).digest('hex')
  return (
    `${DECLARATION}<ListAllMyBucketsResult ${NAMESPACE}>` +
    wrap('Owner', [element('ID', owner)]) +
    wrap('Buckets', entries) +
    (matching.length > shown.length && last ? element('ContinuationToken', token(last.name)) : '') +
    (prefix === '' ? '' : element('Prefix', prefix)) +
    '</ListAllMyBucketsResult>'
  )
}

/**
 * One page of objects, by key; keys that share a part up to the delimiter are rolled up.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function listObjects(bucket: Bucket, query: readonly Pair[]): S3Page {
  const prefix = valueOf(query, 'prefix') ?? ''
  const delimiter = valueOf(query, 'delimiter') ?? ''
  const limit = readLimit(valueOf(query, 'max-keys'), 0, Infinity)
  const after = readToken(valueOf(query, 'continuation-token'))
  if (limit === undefined || after === undefined) return undefined
  const startAfter = valueOf(query, 'start-after') ?? ''
  const url = valueOf(query, 'encoding-type') === 'url'
  const written = (text: string): string => (url ? encode(text).replaceAll('%2F', '/') : text)

  const rows = new Map<string, string>()
  for (const [key, object] of [...bucket.objects].sort(([a], [b]) => compare(a, b))) {
    // Keys start after `start-after`; pages, after the last name of the page before.
    if (!key.startsWith(prefix) || (after === '' && key <= startAfter)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const shared = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
    const name = shared ?? key
    if (name <= after || rows.has(name)) continue
    const row =
      shared === undefined
        ? wrap('Contents', [
            element('Key', written(key)),
            element('LastModified', object.modifiedAt.toISOString()),
            element('ETag', `"${createHash('md5').update(object.content).digest('hex')}"`),
            element('Size', object.content.length),
            element('StorageClass', 'STANDARD'),
          ])
        : wrap('CommonPrefixes', [element('Prefix', written(shared))])
    rows.set(name, row)
  }
  const shown = [...rows].slice(0, Math.min(limit, 1000))
  const truncated = rows.size > shown.length && limit > 0
  const last = shown.at(-1)?.[0] ?? ''
  return (
    `${DECLARATION}<ListBucketResult ${NAMESPACE}>` +
    element('Name', bucket.name) +
    element('Prefix', written(prefix)) +
    (delimiter === '' ? '' : element('Delimiter', written(delimiter))) +
    element('MaxKeys', Math.min(limit, 1000)) +
    element('KeyCount', shown.length) +
    (startAfter === '' ? '' : element('StartAfter', written(startAfter))) +
    (url ? element('EncodingType', 'url') : '') +
    element('IsTruncated', truncated) +
    (truncated ? element('NextContinuationToken', token(last)) : '') +
    shown.map(([, row]) => row).join('') +
    '</ListBucketResult>'
  )
}

function readLimit(text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return Math.min(max, 10_000)
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1
  return value >= min && value <= max ? value : undefined
}

/** Opaque to clients: the name that the page ended with. */
const token = (name: string): string => Buffer.from(name).toString('base64url')

/** The name in a token; empty without one, `undefined` when it was not made here. */
function readToken(text: string | undefined): string | undefined {
  const name = Buffer.from(text ?? '', 'base64url').toString('utf8')
  return token(name) === (text ?? '') ? name : undefined
}
