import { PROGRAM_SETTINGS, type Setting, SETTINGS } from '../config/settings.js'
import type { Flag } from './command.js'

/** The flag of a setting; its help names the other places that the value may come from. */
export function flagOf({ flag, value, choices, help, env, fallback }: Setting<unknown>): Flag {
  const also = env === undefined ? '' : ` [${env}]`
  const otherwise =
    fallback === undefined || fallback === false ? '' : ` (default ${String(fallback)})`
  return {
    name: flag,
    ...(value !== undefined && { value }),
    ...(choices && { choices }),
    help: `${help}${otherwise}${also}`,
  }
}

/** Flags that say who the workload is and how to reach the service. */
export const WORKLOAD_FLAGS: readonly Flag[] = Object.values(SETTINGS).map(flagOf)

/** Flags of every command. */
export const PROGRAM_FLAGS: readonly Flag[] = [
  ...Object.values(PROGRAM_SETTINGS).map(flagOf),
  { name: 'help', help: 'print this text' },
  { name: 'version', help: 'print the version' },
]
