import { createHash } from 'node:crypto'
import type { Workload } from '../session/session-source.js'
import { type ApiEndpointOptions, apiEndpointFor } from './api-endpoint.js'
import type { Registry } from './registry-host.js'

/**
 * A name for the password of an identity in a region: 32 hexadecimal digits. It stands for who the
 * workload is and not for the session or the certificate of the moment, so that neither a new session
 * nor a renewed certificate costs a new password. Accounts do not count: the password is good for all.
 *
 * @param certificate Names in the end-entity certificate.
 * @param endpoint Only an override counts: a password of one server is of no use to another.
 */
export function tokenName(
  registry: Registry,
  { params, endpoint: sessions, verifyTls }: Workload,
  certificate: { readonly subject: string; readonly issuer: string },
  endpoint: ApiEndpointOptions,
): string {
  const { trustAnchorArn, profileArn, roleArn, roleSessionName } = params
  const plain = { ...registry, fips: false, dualStack: false } as Registry
  const { useFips: _fips, useDualstack: _dualStack, ...overrides } = endpoint
  const parts = [
    [registry.kind, registry.partition, registry.region],
    [trustAnchorArn, profileArn, roleArn, roleSessionName ?? ''],
    [certificate.subject, certificate.issuer],
    [sessions, apiEndpointFor(plain, overrides), verifyTls],
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
