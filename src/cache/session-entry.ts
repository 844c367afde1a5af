import type { SessionCredentials } from '../protocol/session-credentials.js'
import { Secret } from '../secret.js'
import type { SessionIdentity } from './session-identity.js'

/** One cached session. */
export interface SessionEntry {
  readonly identity: SessionIdentity
  readonly credentials: SessionCredentials
  /** For people: who the certificate is. */
  readonly issuer: string
  readonly serial: string
  /** When it was obtained, by this machine's clock. */
  readonly issuedAt: Date
  /** From when on one process is to renew it, while the others go on using it. */
  readonly refreshAt: Date
  /** A renewal has failed, and the next one is not to be tried before this. */
  readonly retryAt: Date | undefined
  /** Renewals that have failed in a row. */
  readonly failures: number
  /** To be added to this machine's clock to get the service's. */
  readonly clockOffsetMs: number
}

/** Changes whenever older programs would misread an entry; entries of other formats are ignored. */
const FORMAT = 1

/** The text of a session's file. The one place where its secrets are written to disk. */
export function entryText(entry: SessionEntry): string {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = entry.credentials
  return `${JSON.stringify({
    format: FORMAT,
    ...entry,
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      sessionToken: sessionToken.reveal(),
      expiration,
    },
  })}\n`
}

/** Reads the text of a session's file; `undefined` when it is anything but a whole entry. */
export function parseEntry(text: string): SessionEntry | undefined {
  const fields = record(parsed(text))
  const identity = record(fields['identity'])
  const issuedAt = instant(fields['issuedAt'])
  const refreshAt = instant(fields['refreshAt'])
  const credentials = parseCredentials(record(fields['credentials']))
  if (fields['format'] !== FORMAT || !credentials || !issuedAt || !refreshAt) return undefined
  if (!isIdentity(identity)) return undefined
  return {
    identity,
    credentials,
    issuer: line(fields['issuer']),
    serial: line(fields['serial']),
    issuedAt,
    refreshAt,
    retryAt: instant(fields['retryAt']),
    failures: count(fields['failures']),
    clockOffsetMs: count(fields['clockOffsetMs']),
  }
}

/** Whether a session of the one may be handed to the other. */
export const sameIdentity = (one: SessionIdentity, other: SessionIdentity): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

function parseCredentials(
  fields: Readonly<Record<string, unknown>>,
): SessionCredentials | undefined {
  const accessKeyId = visible(fields['accessKeyId'])
  const secretAccessKey = visible(fields['secretAccessKey'])
  const sessionToken = visible(fields['sessionToken'])
  const expiration = instant(fields['expiration'])
  if (!accessKeyId || !secretAccessKey || !sessionToken || !expiration) return undefined
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    sessionToken: new Secret(sessionToken),
    expiration,
  }
}

/** The rest of it is compared with an identity that is whole. */
const isIdentity = (value: object): value is SessionIdentity =>
  'roleArn' in value &&
  typeof value.roleArn === 'string' &&
  'certificates' in value &&
  Array.isArray(value.certificates)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's error quotes the text, which may hold credentials.
    return undefined
  }
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

const visible = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\u0021-\u007e]+$/.test(value) ? value : undefined

/** Printed on terminals. */
const line = (value: unknown): string =>
  typeof value === 'string' ? value.replace(/[^\u0020-\u007e]/g, '?').slice(0, 200) : ''

const count = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : 0)

function instant(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) {
    return undefined
  }
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}
