import type { Stage, StageOptions } from './stage.js'

/** Something that goes wrong for a while, and what is promised meanwhile and afterwards. */
export interface Fault {
  readonly name: string
  /** What is really done, for the reader of the table. */
  readonly about: string
  readonly stage?: () => StageOptions
  /** A command that the fault needs; without it, it is skipped. */
  readonly needs?: string
  /** It is there before the sidecar starts. */
  readonly fromStart?: boolean
  strike(stage: Stage): void | Promise<void>
  readonly lastsMs: number
  mend(stage: Stage): void | Promise<void>
  /** The first session after the end of it comes within this time. */
  readonly renewedWithinMs: number
  /** It outlives the session: clients must be told so, and must not be told so otherwise. */
  readonly outlivesSession?: boolean
  /** The sidecar is not there for a moment. */
  readonly nobodyThere?: boolean
  /** Answers of 503 that clients may get although the fault does not outlive the session. */
  readonly maxRefusals?: number
  /** Looks at the stage at the end; says what is wrong. */
  check?(stage: Stage): string | undefined
}

/** Sessions of 90 s are handed out for 30 s: this outlives them by 3 s. */
export const OUTAGE_MS = 33_000

/** Sessions of 90 s are renewed every ten. */
export const ONE_RENEWAL_MS = 12_000

/** Without a session the loop waits for at most 15 s, and a call takes at most ten. */
export const AFTER_OUTAGE_MS = 26_000

/** For what time alone brings about. */
export const nothing = (): void => {}
