import type { X509Certificate } from 'node:crypto'
import { RolesAnywhereError } from '../errors.js'
import { orderChain } from '../x509/chain.js'
import { CK } from './cryptoki.js'
import { withSession } from './login.js'
import { oneOf, templateOf } from './match.js'
import type { Pkcs11Module } from './module.js'
import { attributeOf, certificateIn, findObjects } from './objects.js'
import { findTokens, type Token } from './token.js'
import type { Pkcs11Uri } from './uri.js'

/** A certificate on a token, and what goes with it. */
export interface TokenCertificate {
  /**
   * The certificate, and those of its issuers that the token holds as well. Where it was renewed and
   * the old one was left, both.
   */
  readonly certificates: readonly X509Certificate[]
  /** What a URI would say to mean the private key that belongs to it. */
  readonly key: Pick<Pkcs11Uri, 'token' | 'serial' | 'id' | 'object'>
}

interface Found {
  readonly token: Token
  readonly certificate: X509Certificate
  readonly id: Buffer | undefined
  readonly label: string | undefined
}

/**
 * Reads the certificate that a URI means. Needs no login: certificates are public.
 *
 * @throws RolesAnywhereError `ERR_RA_TOKEN_MISSING`, `ERR_RA_CERTIFICATE_MISSING`,
 *   `ERR_RA_OBJECT_AMBIGUOUS` or `ERR_RA_PKCS11_FAILED`.
 */
export async function readCertificate(
  module: Pkcs11Module,
  uri: Pkcs11Uri,
): Promise<TokenCertificate> {
  const perToken = await Promise.all(
    findTokens(module, uri).map(async (token) => certificatesOn(token, uri)),
  )
  const found = endEntities(perToken.flatMap(({ meant }) => meant))
  if (found.length === 0) {
    throw new RolesAnywhereError('ERR_RA_CERTIFICATE_MISSING', `${uri.name}: no such certificate`, {
      hint: 'compare with `pkcs11-tool --list-objects --type cert`; attributes of the URI must all fit',
    })
  }
  const [one] = found
  const renewals = one ? found.filter(({ certificate }) => sameKey(certificate, one)) : []
  if (!one || renewals.length < found.length) {
    return oneOf(found.map(asResult), `${uri.name}: certificates`, ({ key }) => described(key))
  }
  const all = perToken.flatMap((entry) => entry.all)
  const own = renewals.map(({ certificate }) => certificate)
  const issuers = own.flatMap((certificate) => orderChain(certificate, all).chain)
  return { ...asResult(one), certificates: [...own, ...issuers] }
}

async function certificatesOn(
  token: Token,
  uri: Pkcs11Uri,
): Promise<{ readonly meant: readonly Found[]; readonly all: readonly X509Certificate[] }> {
  return withSession(token, (session) => {
    const read = (template: ReturnType<typeof templateOf>): Found[] =>
      findObjects(token, session, template).flatMap((object) => {
        const certificate = certificateIn(token, session, object)
        const id = attributeOf(token, session, object, CK.CKA_ID)
        const label = attributeOf(token, session, object, CK.CKA_LABEL)?.toString('utf8')
        return certificate ? [{ token, certificate, id, label }] : []
      })
    const all = read([{ type: CK.CKA_CLASS, value: CK.CKO_CERTIFICATE }])
    const meant = read(templateOf(uri, CK.CKO_CERTIFICATE))
    return { meant, all: all.map(({ certificate }) => certificate) }
  })
}

/** A URI may name a whole token, with the chain on it: issuers are not what is looked for. */
function endEntities(found: readonly Found[]): readonly Found[] {
  const own = found.filter(({ certificate }) => !certificate.ca)
  return own.length > 0 ? own : found
}

const sameKey = (certificate: X509Certificate, { certificate: other }: Found): boolean =>
  certificate.publicKey.equals(other.publicKey)

const asResult = ({ token, certificate, id, label }: Found): TokenCertificate => ({
  certificates: [certificate],
  key: {
    token: token.label,
    serial: token.serial,
    ...(id ? { id } : label !== undefined && { object: label }),
  },
})

const described = ({ token, serial, id, object }: TokenCertificate['key']): string =>
  [
    `token=${token ?? ''}`,
    `serial=${serial ?? ''}`,
    id ? `id=${id.toString('hex').replace(/../g, '%$&')}` : `object=${object ?? ''}`,
  ].join(';')
