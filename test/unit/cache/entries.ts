import { Secret } from '../../../src/secret.js'
import type { SessionEntry } from '../../../src/cache/session-entry.js'
import type { SessionIdentity } from '../../../src/cache/session-identity.js'
import { ARNS } from '../../support/aws.js'

/** When the entries of the tests were issued. */
export const ISSUED = new Date('2026-01-01T00:00:00.000Z')

/** An instant so many minutes later. */
export const minutesLater = (minutes: number, from = ISSUED): Date =>
  new Date(from.getTime() + minutes * 60_000)

/** Whose entries they are. */
export const IDENTITY: SessionIdentity = {
  trustAnchorArn: ARNS.trustAnchor,
  profileArn: ARNS.profile,
  roleArn: ARNS.role,
  region: 'eu-central-1',
  endpoint: 'http://127.0.0.1:1',
  verifyTls: true,
  durationSeconds: 3600,
  roleSessionName: undefined,
  privateKey: 'tls.key',
  certificates: ['MIIB'],
}

/** A session of an hour, to be renewed after forty minutes. */
export const entry = (change: Partial<SessionEntry> = {}): SessionEntry => ({
  identity: IDENTITY,
  credentials: {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: new Secret('canary-secret-access-key'),
    sessionToken: new Secret('canary-session-token'),
    expiration: minutesLater(60),
  },
  issuer: 'CN=Test Root',
  serial: '1003',
  issuedAt: ISSUED,
  refreshAt: minutesLater(40),
  retryAt: undefined,
  failures: 0,
  clockOffsetMs: 0,
  ...change,
})
