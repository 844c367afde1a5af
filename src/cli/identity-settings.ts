import { loadConfigProfile } from '../config/config-profile.js'
import { resolveOptional, type Sources } from '../config/resolve.js'
import { PROGRAM_SETTINGS, type Setting, SETTINGS } from '../config/settings.js'
import { Secret } from '../secret.js'
import type { IdentityFiles } from '../session/identity-files.js'
import type { Flag, FlagValues, Io } from './command.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

/** Settings of the files and tokens that an identity is in, without those of the service. */
const IDENTITY_SETTINGS: readonly Setting<unknown>[] = [
  SETTINGS.certificate,
  SETTINGS.privateKey,
  SETTINGS.passphraseFile,
  SETTINGS.pkcs11Library,
  SETTINGS.pkcs11PinFile,
  SETTINGS.reusePin,
]

/** Their flags, for commands that look at an identity and call nobody. */
export const IDENTITY_FLAGS: readonly Flag[] = WORKLOAD_FLAGS.filter(({ name }) =>
  IDENTITY_SETTINGS.some(({ flag }) => flag === name),
)

/**
 * Where the settings of an identity come from.
 *
 * @throws RolesAnywhereError of kind `config` for a config profile that cannot be read.
 */
export async function identitySources(
  flags: FlagValues,
  { env }: Pick<Io, 'env'>,
): Promise<Sources> {
  const profile = await loadConfigProfile(flags.get(PROGRAM_SETTINGS.configProfile.flag), env)
  return { flags, env, profile }
}

/** Where certificate and key are, as far as anybody says. */
export function identityFiles(sources: Sources): Partial<IdentityFiles> {
  const { env } = sources
  const find = (setting: Setting<string>): string | undefined =>
    resolveOptional(setting, sources)?.value
  const secret = (name: string): Secret | undefined =>
    env[name] ? new Secret(env[name]) : undefined
  const found = {
    certificate: find(SETTINGS.certificate),
    privateKey: find(SETTINGS.privateKey),
    passphraseFile: find(SETTINGS.passphraseFile),
    passphrase: secret('ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE'),
    pkcs11Library: find(SETTINGS.pkcs11Library),
    pkcs11PinFile: find(SETTINGS.pkcs11PinFile),
    pkcs11Pin: secret('ROLESANYWHERE_PKCS11_PIN'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
