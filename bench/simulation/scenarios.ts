import type { FleetOptions } from './fleet.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** One fleet of a figure. */
export interface Scenario {
  /** What differs from its neighbours. */
  readonly title: string
  readonly options: Omit<FleetOptions, 'seed'>
}

/** Fleets that are shown side by side. */
export interface Figure {
  /** Name of its image. */
  readonly name: string
  readonly title: string
  readonly scenarios: readonly Scenario[]
}

/** What AWS gives an account in a region unless it asks for more. */
export const DEFAULT_QUOTA = 10

/** Everything that docs/sizing.md shows, for a quota that most accounts have. */
export function figures(quotaPerSecond: number, callAttempts = 3): Figure[] {
  const usual = { quotaPerSecond, callAttempts, sessionMs: HOUR_MS }
  const raised = { ...usual, quotaPerSecond: 10 * quotaPerSecond }
  const spread = (pods: number, quota: number): number => ((1.25 * pods) / quota) * 1000
  const cold = { start: 'cold', lengthMs: 2 * HOUR_MS } as const
  const away = {
    start: 'steady',
    lengthMs: 4 * HOUR_MS,
    outage: { fromMs: HOUR_MS, toMs: 2 * HOUR_MS },
  } as const
  return [
    {
      name: 'restart-storm',
      title: 'Every pod restarts at once',
      scenarios: [
        { title: '1,000 pods', options: { pods: 1_000, ...usual, ...cold } },
        { title: '10,000 pods', options: { pods: 10_000, ...usual, ...cold } },
        { title: '100,000 pods', options: { pods: 100_000, ...usual, ...cold } },
      ],
    },
    {
      name: 'restart-spread',
      title: 'The same with --start-spread',
      scenarios: [1_000, 10_000, 100_000].map((pods) => {
        const account = pods > 10_000 ? raised : usual
        const startSpreadMs = spread(pods, account.quotaPerSecond)
        return {
          title: `${count(pods)} pods, spread over ${duration(startSpreadMs)}${account === raised ? `, quota ${raised.quotaPerSecond}/s` : ''}`,
          options: { pods, ...account, ...cold, startSpreadMs },
        }
      }),
    },
    {
      name: 'steady-state',
      title: 'Steady state',
      scenarios: [
        { title: '1,000 pods, sessions of 1 h', hours: 1, pods: 1_000 },
        { title: '10,000 pods, sessions of 1 h', hours: 1, pods: 10_000 },
        { title: '100,000 pods, sessions of 12 h', hours: 12, pods: 100_000 },
      ].map(({ title, hours, pods }) => ({
        title,
        options: {
          pods,
          ...usual,
          sessionMs: hours * HOUR_MS,
          start: 'steady',
          lengthMs: 24 * HOUR_MS,
        },
      })),
    },
    {
      name: 'outage',
      title: 'The region is away for an hour; sessions of 1 h',
      scenarios: [
        { title: '1,000 pods', options: { pods: 1_000, ...usual, ...away } },
        { title: '10,000 pods', options: { pods: 10_000, ...usual, ...away } },
        {
          title: `100,000 pods, quota ${raised.quotaPerSecond}/s`,
          options: { pods: 100_000, ...raised, ...away },
        },
      ],
    },
    {
      name: 'outage-long-sessions',
      title: 'The same with long sessions, renewed early',
      scenarios: [
        { pods: 1_000, hours: 6, every: 1 },
        { pods: 10_000, hours: 6, every: 1 },
        { pods: 100_000, hours: 12, every: 6 },
      ].map(({ pods, hours, every }) => ({
        title: `${count(pods)} pods, ${hours} h renewed each ${every === 1 ? 'hour' : `${every} h`}`,
        options: {
          pods,
          ...usual,
          ...away,
          sessionMs: hours * HOUR_MS,
          refreshIntervalMs: every * HOUR_MS,
        },
      })),
    },
  ]
}

/** `100,000` */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `45 s`, `18 min`, `2.8 h` */
export function duration(ms: number): string {
  if (ms < 2 * MINUTE_MS) return `${Math.round(ms / 1000)} s`
  if (ms < 2 * HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`
  return `${(ms / HOUR_MS).toFixed(1)} h`
}
