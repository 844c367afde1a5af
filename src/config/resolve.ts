import { RolesAnywhereError } from '../errors.js'
import type { Setting } from './settings.js'

/** A value and where it came from, for debug lines and for error messages. */
export interface Resolved<T> {
  readonly value: T
  /** As a person would name it: `flag --region`, `environment variable AWS_REGION`, … */
  readonly source: string
}

/** Where settings are looked for, in this order; then a setting's own default. */
export interface Sources {
  readonly flags: {
    has(name: string): boolean
    get(name: string): string | undefined
  }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly profile: ConfigProfile
}

/** One section of the AWS config file. */
export interface ConfigProfile {
  readonly name: string
  readonly values: Readonly<Record<string, string | undefined>>
}

/**
 * Finds a setting's value: flag, then environment, then config profile, then default. An empty
 * string counts as absent.
 *
 * @returns `undefined` when nobody gave it and it has no default.
 * @throws RolesAnywhereError `ERR_RA_SETTING_INVALID`, naming the setting and its source.
 */
export function resolveOptional<T>(
  setting: Setting<T>,
  { flags, env, profile }: Sources,
): Resolved<T> | undefined {
  const given = flags.get(setting.flag) ?? (flags.has(setting.flag) ? 'true' : undefined)
  const candidates: readonly (readonly [text: string | undefined, source: string])[] = [
    [given, `flag --${setting.flag}`],
    [setting.env && env[setting.env], `environment variable ${setting.env}`],
    [
      setting.profileKey && profile.values[setting.profileKey],
      `key ${setting.profileKey} of config profile "${profile.name}"`,
    ],
  ]
  for (const [text, source] of candidates) {
    if (text) return { value: parseNamed(setting, text, source), source }
  }
  return setting.fallback === undefined ? undefined : { value: setting.fallback, source: 'default' }
}

/**
 * As {@link resolveOptional}, for a setting that must have a value.
 *
 * @throws RolesAnywhereError `ERR_RA_SETTING_MISSING` with a hint that names every place it can come from.
 */
export function resolve<T>(setting: Setting<T>, sources: Sources): Resolved<T> {
  const found = resolveOptional(setting, sources)
  if (found) return found
  const places = [
    `pass --${setting.flag}`,
    setting.env && `set ${setting.env}`,
    setting.profileKey && `put ${setting.profileKey} into ${sectionOf(sources.profile)}`,
  ].filter(Boolean)
  throw new RolesAnywhereError('ERR_RA_SETTING_MISSING', `missing setting --${setting.flag}`, {
    hint: places.join(', or '),
  })
}

function sectionOf({ name }: ConfigProfile): string {
  if (name === '') return 'the AWS config profile'
  return `${name === 'default' ? '[default]' : `[profile ${name}]`} of the AWS config file`
}

function parseNamed<T>(setting: Setting<T>, text: string, source: string): T {
  try {
    return setting.parse(text)
  } catch (error) {
    if (!(error instanceof RolesAnywhereError)) throw error
    throw new RolesAnywhereError(error.code, `invalid value of ${source}: ${error.message}`, {
      hint: error.hint ?? setting.help,
      cause: error,
    })
  }
}
