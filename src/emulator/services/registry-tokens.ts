import { randomBytes } from 'node:crypto'
import { Secret } from '../../secret.js'
import type { Session } from '../session/session-store.js'

/** Life of a registry password, whatever the session's own. */
const LIFE_MS = 12 * 60 * 60 * 1000

/** More than any test asks for; the oldest go first. */
const MAX_TOKENS = 10_000

/** A registry password and what it stands for. */
export interface RegistryToken {
  readonly password: Secret
  readonly session: Session
  readonly region: string
  readonly expiresAt: Date
}

/** The registry passwords that GetAuthorizationToken gave out. */
export class RegistryTokens {
  readonly #tokens = new Map<string, RegistryToken>()

  issue(session: Session, region: string, at: Date): RegistryToken {
    // About the size of a real one; ECR documents that it varies.
    const text = randomBytes(1200).toString('base64')
    const expiresAt = new Date(at.getTime() + LIFE_MS)
    const token = { password: new Secret(text), session, region, expiresAt }
    this.#tokens.set(text, token)
    const [oldest] = this.#tokens.keys()
    if (this.#tokens.size > MAX_TOKENS && oldest !== undefined) this.#tokens.delete(oldest)
    return token
  }

  find(password: string): RegistryToken | undefined {
    return this.#tokens.get(password)
  }
}
