import type { Clock } from '../clock.js'
import type { ApiEndpointOptions } from '../ecr/api-endpoint.js'
import type { Registry } from '../ecr/registry-host.js'
import type { Facts } from './facts.js'
import type { Finding } from './finding.js'
import type { Probes } from './probes/probes.js'

/** Headings of the report, in its order; the first word of every id is one of them. */
export const GROUPS = {
  settings: 'Settings',
  files: 'Files',
  certificate: 'Certificate',
  chain: 'Chain',
  arns: 'ARNs',
  network: 'Clock and network',
  session: 'Session',
  sdk: 'What AWS SDKs use on this machine',
  registry: 'Registry',
} as const

/** Stable name of a group. */
export type Group = keyof typeof GROUPS

/** Stable name of a check: its group and a word. */
export type CheckId = `${Group}.${string}`

/** What the checks may touch. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Ends the run. */
  readonly signal: AbortSignal
  /** The user that the checks run as; absent where users have no numbers. */
  readonly uid: number | undefined
  /** Values of the flags, as settings are looked up. */
  readonly flags: {
    has(name: string): boolean
    get(name: string): string | undefined
  }
  readonly probes: Probes
  /** A registry that images are to be pulled from, when there is one. */
  readonly registry?: RegistryTarget
}

/** A registry of Amazon ECR, and where its API is asked. */
export interface RegistryTarget {
  /** As it is to be asked, with its port if it has one. */
  readonly host: string
  readonly registry: Registry
  readonly endpoint: ApiEndpointOptions
}

/** What a check found, and what later checks may build on. */
export interface Outcome {
  /** Absent when there is nothing to say, for example of a file that was not given. */
  readonly finding?: Finding | undefined
  readonly facts?: Partial<Facts>
}

/** One line of the report. */
export interface CheckResult {
  readonly id: CheckId
  readonly group: Group
  readonly finding: Finding
}

/** One row of the table of checks. */
export interface Check {
  readonly id: CheckId
  /** Whether it opens connections; such a check never runs offline. */
  readonly network?: boolean
  /** Facts without which it means nothing. */
  readonly needs: readonly (keyof Facts)[]
  /** Facts that it adds when it can. */
  readonly gives: readonly (keyof Facts)[]
  run(
    known: Partial<Facts>,
    world: World,
    soFar: readonly CheckResult[],
  ): Outcome | Promise<Outcome>
}

/** A row whose `run` sees the facts that it needs as present, and the others as they may be. */
export function check<N extends keyof Facts = never>(row: {
  readonly id: CheckId
  readonly network?: boolean
  readonly needs?: readonly N[]
  readonly gives?: readonly (keyof Facts)[]
  run(
    known: Partial<Facts> & Pick<Facts, N>,
    world: World,
    soFar: readonly CheckResult[],
  ): Outcome | Promise<Outcome>
}): Check {
  // The engine runs a check only when everything that it needs is there.
  return { needs: [], gives: [], ...row } as Check
}
