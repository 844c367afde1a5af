import { createHash } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'
import { type CertificateFacts, certificateFacts } from '../x509/certificate-facts.js'
import { checkIdentity } from '../x509/check-identity.js'
import { type DeviceKey, isDeviceKey } from '../x509/device-key.js'
import type { Identity } from '../x509/identity.js'
import { type IdentityInput, readIdentity } from '../x509/read-identity.js'
import { sameReason } from './same-reason.js'

/** Watching misses changes on some volumes; a look at a few small files costs next to nothing. */
const POLL_MS = 10_000

/** Files that are written one after the other are not looked at in between. */
const SETTLE_MS = 200

/**
 * A chain that became shorter is taken into use by a look after this time: a file that is being
 * written reads as good while it ends between two certificates.
 */
const SHORTER_CHAIN_GRACE_MS = 2_000

/** How often it is said again that the certificate ends soon. */
const REMIND_MS = 60 * 60_000

/** Certificate, private key and chain that were read together and fit together. */
export interface Generation {
  readonly identity: Identity
  readonly facts: CertificateFacts
  readonly loadedAt: Date
}

/** Why the files are not those in use. */
export interface ReloadFailure {
  readonly error: unknown
  readonly at: Date
}

/** Holds the identity of a process, and replaces it only by a better one. */
export interface IdentityStore {
  /**
   * The identity in use, after a look at the files.
   *
   * @throws RolesAnywhereError of kind `identity` when there never was a usable one.
   */
  current(): Promise<Identity>
  /**
   * Looks at the files now; whoever calls says that they are whole. Never rejects: what went wrong is
   * logged and kept.
   */
  reload(): Promise<void>
  generation(): Generation | undefined
  /** Absent when the files are the ones in use. */
  failure(): ReloadFailure | undefined
  /** Ends watching and polling. */
  stop(): Promise<void>
}

/** Files with a shorter chain than the one in use. */
interface Shorter {
  readonly digest: string
  readonly sinceMonotonicMs: number
}

/** Effects of {@link keepIdentity}. */
export interface IdentityStoreDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Calls back when the files may have changed; returns a function that ends it. */
  readonly watch?: (onChange: () => void) => () => void
  /** Default: ten seconds. */
  readonly pollIntervalMs?: number
  /** Life of the sessions; a certificate with less life left is warned of. */
  readonly sessionLifeMs?: number
  /** Told whenever files were read that are not those in use: taken into use, or why not. */
  readonly onReload?: (outcome: { readonly generation: Generation } | ReloadFailure) => void
}

/**
 * Starts keeping an identity. New files replace the ones in use once they are read, fit together and
 * would be accepted by the service; until then, and when they are half-written or gone, the old ones
 * stay. A chain that became shorter must stay so for a moment. Does not keep the process alive.
 *
 * @param read Reads all files as one generation.
 */
export function keepIdentity(
  read: () => IdentityInput | Promise<IdentityInput>,
  deps: IdentityStoreDeps,
): IdentityStore {
  const { clock, log } = deps
  let changed = new AbortController()
  let stopped = false
  let held: Generation | undefined
  let heldDigest: string | undefined
  let shorter: Shorter | undefined
  let failure: ReloadFailure | undefined
  let remindedMs: number | undefined
  let looking: Promise<void> | undefined

  async function look(whole: boolean): Promise<void> {
    try {
      const input = await read()
      const digest = digestOf(input)
      if (digest !== heldDigest) {
        const identity = await readIdentity(input)
        checkIdentity(identity, clock.now())
        if (!whole && mayBeCut(identity, digest)) return
        take(identity, digest)
      }
      shorter = undefined
      failure = undefined
    } catch (error) {
      keep(error)
    }
  }

  function mayBeCut({ chain }: Identity, digest: string): boolean {
    if (!held || chain.length >= held.identity.chain.length) return false
    const nowMs = clock.monotonicMs()
    if (shorter?.digest !== digest) {
      shorter = { digest, sinceMonotonicMs: nowMs }
      log.debug('the chain became shorter, looking again before it is used')
    }
    return nowMs - shorter.sinceMonotonicMs < SHORTER_CHAIN_GRACE_MS
  }

  function take(identity: Identity, digest: string): void {
    const facts = certificateFacts(identity.certificate)
    held = { identity, facts, loadedAt: clock.now() }
    heldDigest = digest
    remindedMs = undefined
    log.info('certificate loaded', {
      subject: facts.subject,
      serialNumber: facts.serialNumber,
      notAfter: facts.notAfter,
    })
    for (const warning of identity.warnings ?? []) log.warn(warning)
    deps.onReload?.({ generation: held })
  }

  function keep(error: unknown): void {
    const known = failure !== undefined && sameReason(failure.error, error)
    if (known) return
    failure = { error, at: clock.now() }
    if (held) log.warn('certificate files are not usable, keeping the ones in use', { error })
    deps.onReload?.(failure)
  }

  /** One look at a time; whoever asks meanwhile gets the answer of the one under way. */
  async function lookOnce(whole = false): Promise<void> {
    looking ??= look(whole).finally(() => (looking = undefined))
    await looking
  }

  function remind(): void {
    if (!held || deps.sessionLifeMs === undefined) return
    const leftMs = held.facts.notAfter.getTime() - clock.now().getTime()
    const nowMs = clock.monotonicMs()
    if (leftMs >= deps.sessionLifeMs) return
    if (remindedMs !== undefined && nowMs - remindedMs < REMIND_MS) return
    remindedMs = nowMs
    const fields = { notAfter: held.facts.notAfter, serialNumber: held.facts.serialNumber }
    if (leftMs > 0) log.warn('the certificate ends before a new session would', fields)
    else log.error('the certificate has expired', fields)
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      await lookOnce()
      remind()
      const pollMs = deps.pollIntervalMs ?? POLL_MS
      await clock.sleep(pollMs, { signal: changed.signal, background: true })
      if (!changed.signal.aborted) continue
      changed = new AbortController()
      if (!stopped) await clock.sleep(SETTLE_MS, { signal: changed.signal, background: true })
    }
  }

  const unwatch = deps.watch?.(() => changed.abort())
  const ended = loop()
  return {
    async current() {
      await lookOnce()
      if (held) return held.identity
      // Without an identity there always is a reason.
      return Promise.reject(failure?.error)
    },
    async reload() {
      // The look under way may have begun before the files changed.
      await looking
      await lookOnce(true)
    },
    generation: () => held,
    failure: () => failure,
    async stop() {
      unwatch?.()
      stopped = true
      changed.abort()
      await ended
    },
  }
}

/** What is known of a key that cannot be read. */
const publicBytes = ({ publicKey }: DeviceKey): Buffer =>
  publicKey.export({ format: 'der', type: 'spki' })

/** Tells contents apart; the names of the files do not matter. */
function digestOf({ certificate, privateKey, intermediates }: IdentityInput): string {
  const hash = createHash('sha256')
  const key = privateKey && isDeviceKey(privateKey) ? publicBytes(privateKey) : privateKey?.bytes
  for (const bytes of [certificate.bytes, key, intermediates?.bytes]) {
    hash.update(`${bytes?.length ?? -1}:`).update(bytes ?? '')
  }
  return hash.digest('base64')
}
