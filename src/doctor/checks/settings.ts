import { loadConfigProfile } from '../../config/config-profile.js'
import type { ConfigProfile, Resolved } from '../../config/resolve.js'
import { PROGRAM_SETTINGS, type Setting, SETTINGS } from '../../config/settings.js'
import { RolesAnywhereError } from '../../errors.js'
import { isTextForPath } from '../../session/text-for-path.js'
import { type Check, check } from '../check.js'
import { failedBy, type Finding, ok, warning } from '../finding.js'
import { type SettingName, viewSettings } from '../settings-view.js'

const NO_PROFILE: ConfigProfile = { name: '', values: {} }

const configProfile = check({
  id: 'settings.config-profile',
  gives: ['settings'],
  async run(_known, { flags, env }) {
    const named = flags.get(PROGRAM_SETTINGS.configProfile.flag)
    const view = (profile: ConfigProfile) => ({
      settings: viewSettings({ flags, env, profile }),
    })
    try {
      const profile = await loadConfigProfile(named, env)
      return { finding: profileFinding(profile, named), facts: view(profile) }
    } catch (error) {
      // Flags and environment are good all the same.
      return { finding: failedBy(error), facts: view(NO_PROFILE) }
    }
  },
})

const OUR_KEYS: ReadonlySet<string> = new Set(
  Object.values<Setting<unknown>>(SETTINGS).flatMap(({ profileKey }) => profileKey ?? []),
)

/** A misspelt key is silently without effect. */
function profileFinding({ name, values }: ConfigProfile, named: string | undefined): Finding {
  const keys = Object.keys(values)
  const ours = keys.filter((key) => OUR_KEYS.has(key))
  const strangers = keys.filter((key) => key.startsWith('rolesanywhere_') && !OUR_KEYS.has(key))
  const detail = { profile: name, keys: ours, unknownKeys: strangers }
  if (strangers.length > 0) {
    return warning(
      `config profile "${name}" has ${strangers.join(', ')}, which means nothing`,
      'compare the spelling with the table of settings in the README',
      detail,
    )
  }
  const found = ours.length === 0 ? 'no settings of ours' : ours.join(', ')
  if (ours.length === 0 && named === undefined) {
    return ok(`config profile "${name}" is not used: it has ${found}`, detail)
  }
  return ok(`config profile "${name}" has ${found}`, detail)
}

/** One row for each setting: its value and where it came from. */
const settings = (Object.keys(SETTINGS) as SettingName[]).map((name) =>
  check({
    id: `settings.${SETTINGS[name].flag}`,
    needs: ['settings'],
    run({ settings: view }) {
      const entry = view.entry(name)
      if (entry === undefined) return {}
      if (entry instanceof RolesAnywhereError) return { finding: failedBy(entry) }
      return { finding: settingFinding(name, entry) }
    },
  }),
)

/** A default that says nothing about this run is not worth a line. */
function settingFinding(
  name: SettingName,
  { value, source }: Resolved<unknown>,
): Finding | undefined {
  const unit = name.endsWith('Seconds') ? ' s' : ''
  const text = name.endsWith('Arn') ? shownArn(value) : shown(value) + unit
  const detail = { value: text, source }
  if (name === 'noVerifySsl' && value === true) {
    return warning(
      `the endpoint's certificate is not checked (${source})`,
      'drop --no-verify-ssl: whoever stands between can hand out credentials of another account',
      detail,
    )
  }
  if (value === false) return undefined
  return ok(`${text} (${source})`, detail)
}

/**
 * A value as it may be shown. None of the settings is a secret, but people put keys where a path
 * belongs, and passwords into URLs.
 */
function shown(value: unknown): string {
  const text = String(value)
  const isKey = isTextForPath(text) || /pin-value/i.test(text) || text.length > 1024
  return isKey || /:\/\/.*[@?]/.test(text) ? NOT_SHOWN : text
}

const shownArn = (value: unknown): string =>
  String(value).startsWith('arn:') ? shown(value) : NOT_SHOWN

const NOT_SHOWN = '(not shown)'

/** Secrets that come in a variable. */
const secrets = [
  { word: 'private-key-passphrase', variable: 'ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE' },
  { word: 'pkcs11-pin', variable: 'ROLESANYWHERE_PKCS11_PIN' },
].map(({ word, variable }) =>
  check({
    id: `settings.${word}`,
    run(_known, { env }) {
      const message = `${NOT_SHOWN} (environment variable ${variable})`
      return env[variable] ? { finding: ok(message, { source: variable }) } : {}
    },
  }),
)

/** Where the settings come from, and what is missing or malformed. */
export const SETTINGS_CHECKS: readonly Check[] = [configProfile, ...settings, ...secrets]
