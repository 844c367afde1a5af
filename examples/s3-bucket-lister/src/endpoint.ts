import { isIP } from 'node:net'

/** The part of the process's environment that decides where requests go. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Region of the requests: listing buckets works from any, so that none needs to be set. */
export function regionFrom(env: Environment): string {
  return env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1'
}

/**
 * Whether bucket names must go into the path. They normally become part of the host's name, which
 * cannot work below an address or `localhost`.
 */
export function needsPathStyle(env: Environment): boolean {
  const endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL']
  if (!endpoint || !URL.canParse(endpoint)) return false
  const host = new URL(endpoint).hostname.replace(/^\[|\]$/g, '')
  return isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost')
}
