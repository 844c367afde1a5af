import { Secret } from '../secret.js'
import { resolveTarget } from '../protocol/arn.js'
import { endpointFor } from '../protocol/endpoints.js'
import type { Workload } from '../session/session-source.js'
import { loadConfigProfile } from './config-profile.js'
import { resolve, resolveOptional, type Sources } from './resolve.js'
import { PROGRAM_SETTINGS, type Setting, SETTINGS } from './settings.js'

/** Where the values of {@link loadWorkload} come from. */
export interface WorkloadSources {
  readonly flags: Sources['flags']
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Resolves and checks the settings of a workload, all of them before any of them has an effect.
 *
 * @throws RolesAnywhereError of kind `config`, naming the setting, its source and what to do.
 */
export async function loadWorkload({ flags, env }: WorkloadSources): Promise<Workload> {
  const profile = await loadConfigProfile(flags.get(PROGRAM_SETTINGS.configProfile.flag), env)
  const sources: Sources = { flags, env, profile }
  const get = <T>(setting: Setting<T>): T => resolve(setting, sources).value
  const find = <T>(setting: Setting<T>): T | undefined => resolveOptional(setting, sources)?.value

  const identityFiles = {
    certificate: get(SETTINGS.certificate),
    ...defined('privateKey', find(SETTINGS.privateKey)),
    ...defined('intermediates', find(SETTINGS.intermediates)),
    ...defined('passphraseFile', find(SETTINGS.passphraseFile)),
    ...defined('passphrase', secretFrom(env, 'ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE')),
    ...defined('pkcs11Library', find(SETTINGS.pkcs11Library)),
    ...defined('pkcs11PinFile', find(SETTINGS.pkcs11PinFile)),
    ...defined('pkcs11Pin', secretFrom(env, 'ROLESANYWHERE_PKCS11_PIN')),
  }
  const arns = {
    trustAnchorArn: get(SETTINGS.trustAnchorArn),
    profileArn: get(SETTINGS.profileArn),
    roleArn: get(SETTINGS.roleArn),
  }
  const named = find(SETTINGS.region)
  const { region, useFips } = resolveTarget({ ...arns, ...defined('region', named) })
  const endpoint = endpointFor({
    region,
    useFips: useFips || get(SETTINGS.useFips),
    useDualstack: get(SETTINGS.useDualstack),
    ...defined('override', find(SETTINGS.endpoint)),
  })
  return {
    identityFiles,
    params: {
      ...arns,
      durationSeconds: get(SETTINGS.sessionDurationSeconds),
      ...defined('roleSessionName', find(SETTINGS.roleSessionName)),
    },
    endpoint,
    region,
    ...defined('caBundle', find(SETTINGS.caBundle)),
    verifyTls: !get(SETTINGS.noVerifySsl),
    timeoutMs: get(SETTINGS.timeoutSeconds) * 1000,
  }
}

function secretFrom(env: WorkloadSources['env'], name: string): Secret | undefined {
  const value = env[name]
  return value ? new Secret(value) : undefined
}

/** A property that is left out when it has no value. */
function defined<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })
}
