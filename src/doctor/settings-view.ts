import { resolve, type Resolved, resolveOptional, type Sources } from '../config/resolve.js'
import { type Setting, SETTINGS } from '../config/settings.js'
import { RolesAnywhereError } from '../errors.js'

/** Name of a setting in the table. */
export type SettingName = keyof typeof SETTINGS

type Value<N extends SettingName> = (typeof SETTINGS)[N] extends Setting<infer T> ? T : never

/** Every setting as far as it can be read: one that is wrong does not hide the others. */
export interface SettingsView {
  /** Of the AWS config file. */
  readonly configProfile: string
  /** @returns `undefined` when the setting is absent or wrong. */
  value<N extends SettingName>(name: N): Value<N> | undefined
  /** @returns the value with its source, what is wrong with it, or nothing. */
  entry(name: SettingName): Resolved<unknown> | RolesAnywhereError | undefined
}

/** Settings without which there is no session. */
const REQUIRED: readonly SettingName[] = ['certificate', 'trustAnchorArn', 'profileArn', 'roleArn']

/** Reads all settings; errors become entries. */
export function viewSettings(sources: Sources): SettingsView {
  const entries = new Map<SettingName, Resolved<unknown> | RolesAnywhereError | undefined>()
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const read = REQUIRED.includes(name) ? resolve : resolveOptional
    try {
      entries.set(name, read<unknown>(SETTINGS[name], sources))
    } catch (error) {
      if (!(error instanceof RolesAnywhereError)) throw error
      entries.set(name, error)
    }
  }
  return {
    configProfile: sources.profile.name,
    entry: (name) => entries.get(name),
    value<N extends SettingName>(name: N) {
      const entry = entries.get(name)
      const usable = entry !== undefined && !(entry instanceof RolesAnywhereError)
      // The table's own reader made the value, so it is of the setting's type.
      return usable ? (entry.value as Value<N>) : undefined
    },
  }
}
