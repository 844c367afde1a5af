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
 * Longest fault. With sessions of five minutes, served until a minute before their end, and the
 * longest wait after the last failure (two minutes, when throttled), no session runs out.
 */
const LONGEST_MS = 45_000

const IDENTITIES = ['ec-p256', 'rsa-2048', 'ec-p384', 'ec-p521', 'rsa-4096']

/** Starts making trouble: faults of the service, and changed certificates, tokens and settings. */
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

  async function faults(): Promise<void> {
    for (;;) {
      await pause(random.between(5_000, 30_000))
      if (ending.signal.aborted) return
      const kind = random.pick(KINDS)
      const incident = { what: kind, from: seconds(), to: Number.NaN }
      incidents.push(incident)
      const fault: Fault = {
        operation: 'CreateSession',
        kind,
        ...(kind === 'slow' && { delayMs: 3_000 }),
      }
      aws.setFaults([fault])
      await pause(random.between(1_000, LONGEST_MS))
      aws.setFaults([])
      incident.to = seconds()
    }
  }

  async function certificates(): Promise<void> {
    for (;;) {
      await pause(random.between(10_000, 40_000))
      if (ending.signal.aborted) return
      if (random.next() < 0.3) {
        changes['certificate broken']++
        const bad = random.pick(['expired.pem', 'truncated.pem', 'rsa-pss.pem'])
        volume.overwrite('tls.crt', readCert(bad))
        await pause(random.between(500, 15_000))
      }
      changes['certificate swapped']++
      volume.swap(pair(random.pick(IDENTITIES)))
    }
  }

  async function settings(): Promise<void> {
    for (;;) {
      await pause(random.between(20_000, 60_000))
      if (ending.signal.aborted) return
      if (random.next() < 0.5) {
        changes['token replaced']++
        writeFileSync(`${tokenFile}.new`, randomBytes(32).toString('base64url'))
        renameSync(`${tokenFile}.new`, tokenFile)
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
