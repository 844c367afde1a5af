import { randomBytes } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emulator, Fault } from '../../src/emulator/index.js'
import { readCert } from '../support/certs.js'
import { pair, type Volume } from '../support/volume.js'
import type { Random } from './random.js'

/** Something that went wrong on purpose. */
export interface Incident {
  readonly what: string
  /** Seconds since the start of the run. */
  readonly from: number
  to: number
}

/** Makes trouble until it is stopped. */
export interface Trouble {
  readonly incidents: readonly Incident[]
  /** How often files, tokens and settings were changed. */
  readonly changes: Readonly<Record<string, number>>
  stop(): Promise<void>
}

interface Victims {
  readonly aws: Emulator
  readonly volume: Volume
  readonly tokenFile: string
  readonly hangUp: () => void
  readonly random: Random
  /** Seconds since the start of the run. */
  readonly seconds: () => number
}

const KINDS = [
  'throttle',
  'error',
  'unavailable',
  'denied',
  'slow',
  'hang',
  'reset',
  'malformed',
  'empty',
] as const

/**
 * Longest fault. Sessions of five minutes are renewed after ten seconds and served until a minute before
 * their end: 180 s are left when the last call fails that began in the fault. No wait is longer than
 * half of that, whatever failed, so none runs out. `refresh-schedule.test.ts` proves it.
 */
const LONGEST_MS = 45_000

/** A renewal comes every ten seconds. */
const REHEARSED_MS = 12_000

const BAD_CERTIFICATES = ['expired.pem', 'truncated.pem', 'rsa-pss.pem']

const IDENTITIES = ['ec-p256', 'rsa-2048', 'ec-p384', 'ec-p521', 'rsa-4096']

/**
 * Starts making trouble: faults of the service, and changed certificates, tokens and settings. All of it
 * happens once in the first two minutes, so that no part of the program runs for the first time when
 * its memory is expected to be flat.
 */
export function makeTrouble({ aws, volume, tokenFile, hangUp, random, seconds }: Victims): Trouble {
  const ending = new AbortController()
  const incidents: Incident[] = []
  const changes = {
    'certificate swapped': 0,
    'certificate broken': 0,
    'token replaced': 0,
    SIGHUP: 0,
  }
  const pause = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, { signal: ending.signal }).catch(() => {})
  }

  async function strike(kind: (typeof KINDS)[number], forMs: number): Promise<void> {
    const incident = { what: kind, from: seconds(), to: Number.NaN }
    incidents.push(incident)
    const fault: Fault = {
      operation: 'CreateSession',
      kind,
      ...(kind === 'slow' && { delayMs: 3_000 }),
    }
    aws.setFaults([fault])
    await pause(forMs)
    aws.setFaults([])
    incident.to = seconds()
  }

  async function faults(): Promise<void> {
    for (const kind of KINDS) {
      if (ending.signal.aborted) return
      await strike(kind, REHEARSED_MS)
      // Has a new session at once, for the next fault follows.
      hangUp()
      await pause(1_000)
    }
    for (;;) {
      await pause(random.between(5_000, 30_000))
      if (ending.signal.aborted) return
      await strike(random.pick(KINDS), random.between(1_000, LONGEST_MS))
    }
  }

  function replaceToken(): void {
    changes['token replaced']++
    writeFileSync(`${tokenFile}.new`, randomBytes(32).toString('base64url'))
    renameSync(`${tokenFile}.new`, tokenFile)
  }

  async function certificates(): Promise<void> {
    for (const bad of BAD_CERTIFICATES) {
      volume.overwrite('tls.crt', readCert(bad))
      await pause(2_000)
      volume.swap(pair('ec-p256'))
      await pause(2_000)
    }
    for (const kind of IDENTITIES) {
      if (ending.signal.aborted) return
      volume.swap(pair(kind))
      await pause(5_000)
    }
    for (;;) {
      await pause(random.between(10_000, 40_000))
      if (ending.signal.aborted) return
      if (random.next() < 0.3) {
        changes['certificate broken']++
        volume.overwrite('tls.crt', readCert(random.pick(BAD_CERTIFICATES)))
        await pause(random.between(500, 15_000))
      }
      changes['certificate swapped']++
      volume.swap(pair(random.pick(IDENTITIES)))
    }
  }

  async function settings(): Promise<void> {
    replaceToken()
    for (;;) {
      await pause(random.between(20_000, 60_000))
      if (ending.signal.aborted) return
      if (random.next() < 0.5) {
        replaceToken()
      } else {
        changes.SIGHUP++
        hangUp()
      }
    }
  }

  const ended = [faults(), certificates(), settings()]
  return {
    incidents,
    changes,
    async stop() {
      ending.abort()
      await Promise.all(ended)
      volume.swap(pair('ec-p256'))
    },
  }
}
