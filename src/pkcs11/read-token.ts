import { Buffer } from 'node:buffer'
import type { Secret } from '../secret.js'
import type { DeviceKey } from '../x509/device-key.js'
import { RolesAnywhereError } from '../errors.js'
import type { NamedBytes } from '../x509/named-bytes.js'
import { loadModule, type Pkcs11Module } from './module.js'
import { readCertificate } from './token-certificate.js'
import { openKey } from './token-key.js'
import { isPkcs11Uri, parsePkcs11Uri, type Pkcs11Uri } from './uri.js'

/** Which objects of tokens make an identity. At least one of the two is a `pkcs11:` URI. */
export interface TokenSources {
  readonly certificate: string
  /** Default: the key that belongs to the certificate on the token. */
  readonly privateKey?: string
  /** Path of the PKCS#11 module. Default: `module-path` of the URI, else p11-kit. */
  readonly library?: string
}

/** What came from tokens; what is absent lies in a file. */
export interface TokenContents {
  /** PEM, with the issuers that the token holds. */
  readonly certificate?: NamedBytes
  readonly privateKey?: DeviceKey
}

/**
 * Reads certificate and key from tokens, as far as they are there.
 *
 * @param readPin Gives the PIN; `source` is the path that the URI names with `pin-source`, if any.
 * @throws RolesAnywhereError of kind `config` or `identity`, naming the URI and what is wrong.
 */
export async function readToken(
  sources: TokenSources,
  readPin: (source: string | undefined) => Secret | undefined,
): Promise<TokenContents> {
  const uriOf = (text: string | undefined): Pkcs11Uri | undefined =>
    text !== undefined && isPkcs11Uri(text) ? parsePkcs11Uri(text) : undefined
  const certificateUri = uriOf(sources.certificate)
  const keyUri = uriOf(sources.privateKey)
  requireType(certificateUri, 'cert', 'certificate', keyUri !== undefined)
  requireType(keyUri, 'private', 'private key', true)

  const moduleOf = async (uri: Pkcs11Uri): Promise<Pkcs11Module> =>
    loadModule(sources.library ?? uri.modulePath)
  const open = async (uri: Pkcs11Uri, pinSource = uri.pinSource): Promise<DeviceKey> =>
    openKey(await moduleOf(uri), uri, () => readPin(pinSource))

  if (!certificateUri) return keyUri ? { privateKey: await open(keyUri) } : {}
  const { certificates, key } = await readCertificate(
    await moduleOf(certificateUri),
    certificateUri,
  )
  const name = `certificate "${certificateUri.name}"`
  const certificate = { name, bytes: Buffer.from(certificates.join('')) }
  if (keyUri)
    return {
      certificate,
      privateKey: await open(keyUri, keyUri.pinSource ?? certificateUri.pinSource),
    }
  if (sources.privateKey !== undefined) return { certificate }
  const { object: _object, id: _id, type: _type, ...place } = certificateUri
  return { certificate, privateKey: await open({ ...place, ...key }) }
}

/** A URI that names a thing of another kind matches nothing: better said at once. */
function requireType(
  uri: Pkcs11Uri | undefined,
  wanted: 'cert' | 'private',
  what: string,
  strict: boolean,
): void {
  if (uri?.type === undefined || uri.type === wanted) return
  // As the one URI for both, it may name either.
  if (!strict && uri.type === 'private') return
  throw new RolesAnywhereError(
    'ERR_RA_PKCS11_URI_INVALID',
    `${uri.name}: its type is not that of a ${what}`,
    { hint: `write type=${wanted}, or leave the type out` },
  )
}
