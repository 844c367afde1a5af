import { constants, type KeyObject, sign } from 'node:crypto'
import { resolve } from '../config/resolve.js'
import { SETTINGS } from '../config/settings.js'
import { RolesAnywhereError } from '../errors.js'
import { type IdentityFiles, loadIdentity, readIdentityFiles } from '../session/identity-files.js'
import type { Identity } from '../x509/identity.js'
import { isDeviceKey } from '../x509/device-key.js'
import { requireSupportedKey } from '../x509/keys/key-rules.js'
import { signMlDsa } from '../x509/keys/ml-dsa.js'
import { readPrivateKeys } from '../x509/read-identity.js'
import type { Command, FlagValues, Io } from './command.js'
import { IDENTITY_FLAGS, identityFiles, identitySources } from './identity-settings.js'
import { signingTest } from './signing-test.js'

const DIGESTS = ['SHA256', 'SHA384', 'SHA512'] as const
const FORMATS = ['json', 'text', 'bin'] as const

type Digest = (typeof DIGESTS)[number]

/** Signs what `aws_signing_helper sign-string` signs, with a key and without a certificate. */
export const signStringCommand: Command = {
  usage: 'sign-string --private-key FILE [flags]',
  summary: 'Sign a fixed text with a private key, to try the key',
  description: `Prints the signature in hexadecimal, as aws_signing_helper does. With --certificate,
the key must belong to it. The text is always the same for one key, so that a signature of it is
of no use to anybody else.`,
  flags: [
    {
      name: 'digest',
      value: 'DIGEST',
      choices: DIGESTS,
      help: `${DIGESTS.join(', ')} (default SHA256); not for ML-DSA`,
    },
    {
      name: 'format',
      value: 'FORMAT',
      choices: FORMATS,
      help: `${FORMATS.join(', ')} (default json)`,
    },
    ...IDENTITY_FLAGS,
  ],
  example: 'sign-string --private-key tls.key --digest SHA384 --format text',

  async run({ flags }, io) {
    const digest = oneOf(flags, 'digest', DIGESTS) ?? 'SHA256'
    const format = oneOf(flags, 'format', FORMATS) ?? 'json'
    const signature = Buffer.from(await signatureOf(await keyFor(flags, io), digest))
    const hex = signature.toString('hex')
    if (format === 'bin') io.stdout(signature)
    else io.stdout(`${format === 'json' ? JSON.stringify(hex) : hex}\n`)
    return 0
  },
}

function oneOf<T extends string>(
  flags: FlagValues,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = flags.get(name)
  const found = choices.find((choice) => choice.toLowerCase() === text?.toLowerCase())
  if (text === undefined || found !== undefined) return found
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${name} has no such value`, {
    hint: `write one of ${choices.join(', ')}`,
  })
}

async function keyFor(flags: FlagValues, io: Io): Promise<Identity['privateKey']> {
  const sources = await identitySources(flags, io)
  const { certificate, ...files } = identityFiles(sources)
  // A certificate from the environment is not asked for when only a key is to be tried.
  const keyAlone = flags.get('private-key') !== undefined && flags.get('certificate') === undefined
  if (certificate !== undefined && !keyAlone) {
    return (await loadIdentity({ ...files, certificate }, io.env)).privateKey
  }
  const privateKey = resolve(SETTINGS.privateKey, sources).value
  return loneKey({ ...files, certificate: privateKey, privateKey }, io)
}

async function loneKey(
  files: IdentityFiles,
  { env }: Pick<Io, 'env'>,
): Promise<Identity['privateKey']> {
  const { privateKey: source, passphrase, certificate } = await readIdentityFiles(files, env)
  if (source && isDeviceKey(source)) return source
  const [key] = await readPrivateKeys(source ?? certificate, passphrase)
  if (key) return key
  throw new TypeError('no private keys')
}

async function signatureOf(key: Identity['privateKey'], digest: Digest): Promise<Uint8Array> {
  if (isDeviceKey(key)) {
    if (digest === 'SHA256') return key.sign(signingTest(key.publicKey))
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_INVALID',
      'flag --digest: keys in a token sign with SHA256 only',
      { hint: 'leave --digest out; the service takes no other' },
    )
  }
  const { keyType } = requireSupportedKey(key)
  const text = signingTest(key)
  return keyType.startsWith('ml-dsa') ? signMlDsa(key, text) : classic(key, text, digest)
}

/** RSA with PKCS#1 v1.5, ECDSA in DER, as in requests to the service. */
const classic = (key: KeyObject, text: Uint8Array, digest: Digest): Uint8Array =>
  sign(digest, text, { key, padding: constants.RSA_PKCS1_PADDING, dsaEncoding: 'der' })
