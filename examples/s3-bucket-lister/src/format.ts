import type { Failure } from './failure.js'
import type { Listing } from './list-buckets.js'
import type { Round } from './watch.js'

/** A listing for people: the caller, then one line for each bucket. */
export function formatListing({ caller, buckets }: Listing): string {
  const lines = buckets.map(({ name, createdAt }) =>
    createdAt ? `  ${name}  ${createdAt.toISOString()}` : `  ${name}`,
  )
  return [`caller: ${caller}`, `buckets: ${buckets.length}`, ...lines, ''].join('\n')
}

/** A listing for programs, one line of JSON. */
export function formatListingJson({ caller, buckets, sessionExpiration }: Listing): string {
  return `${JSON.stringify({ caller, buckets, sessionExpiration })}\n`
}

/** The two lines that people read when something failed. */
export function formatFailure({ message, hint }: Failure): string {
  return `error: ${message}\nhint: ${hint}\n`
}

/** One round of watching, on one line. */
export function formatRound({ at, renewed, result }: Round): string {
  if ('failure' in result) return `${at.toISOString()} failed: ${result.failure.message}\n`
  const { caller, buckets } = result.listing
  const count = `${buckets.length} ${buckets.length === 1 ? 'bucket' : 'buckets'}`
  return `${at.toISOString()} ${caller} ${count}${renewed ? ' session renewed' : ''}\n`
}

/** One round of watching for programs, one line of JSON. */
export function formatRoundJson({ at, renewed, result }: Round): string {
  if ('failure' in result) {
    const { status, message } = result.failure
    return `${JSON.stringify({ at, failed: { status, message } })}\n`
  }
  return `${JSON.stringify({ at, renewed, ...result.listing })}\n`
}
