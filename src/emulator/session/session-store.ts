import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '../../secret.js'

/** An issued session. Its keys verify every later request. */
export interface Session {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken: Secret
  readonly issuedAt: Date
  readonly expiration: Date
  readonly durationSeconds: number
  readonly partition: string
  readonly account: string
  readonly roleArn: string
  readonly profileArn: string
  readonly assumedRoleArn: string
  readonly assumedRoleId: string
  readonly sourceIdentity: string
  readonly subjectArn: string
  readonly tags: ReadonlyMap<string, string>
}

/** More than any test asks for; the oldest go first. */
const MAX_SESSIONS = 10_000

/** The sessions issued by one emulator, by access key id. */
export class SessionStore {
  readonly #sessions = new Map<string, Session>()

  /** All sessions, oldest first, expired ones included. */
  get all(): readonly Session[] {
    return [...this.#sessions.values()]
  }

  find(accessKeyId: string): Session | undefined {
    return this.#sessions.get(accessKeyId)
  }

  /** Makes keys for a session and remembers it. */
  issue(about: Omit<Session, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>): Session {
    const session: Session = {
      ...about,
      accessKeyId: `ASIA${base32(randomBytes(16), 16)}`,
      secretAccessKey: new Secret(randomBytes(30).toString('base64')),
      sessionToken: new Secret(randomBytes(600).toString('base64')),
    }
    this.#sessions.set(session.accessKeyId, session)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest)
    return session
  }
}

/** The id of a role: the same for the same ARN. */
export function roleId(roleArn: string): string {
  return `AROA${base32(createHash('sha256').update(roleArn).digest(), 17)}`
}

/** A UUID that is the same for the same text. */
export function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ]
  return [...groups, hex.slice(20, 32)].join('-')
}

function base32(bytes: Buffer, length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  return [...bytes.subarray(0, length)].map((byte) => alphabet[byte & 31]).join('')
}
