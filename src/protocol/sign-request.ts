import { Buffer } from 'node:buffer'
import { amzDate, canonicalRequest, credentialScope, stringToSign } from './canonical-request.js'
import type { HttpRequest } from './http-message.js'
import type { Signer } from './signer.js'

const DEFAULT_PORT = { 'https:': 443, 'http:': 80 } as const

/**
 * Signs a request with an X.509 identity. Pure but for the key operation. Signing a signed request
 * again, with a later instant, replaces what the first signature put there.
 *
 * @param at Signing instant. The caller owns the clock.
 * @returns the request with lower-case header names and `host`, `x-amz-date`, `x-amz-x509`,
 *   `x-amz-x509-chain` (only with a chain) and `authorization` set. Every header that it carries is
 *   signed, except `authorization`, `user-agent` and `x-amzn-trace-id`.
 * @throws RolesAnywhereError `ERR_RA_SIGNING_FAILED` when the key cannot be used.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export async function signRequest(
  request: HttpRequest,
  signer: Signer,
  scope: { readonly region: string; readonly service: 'rolesanywhere' },
  at: Date,
): Promise<HttpRequest> {
  const { authorization, 'x-amz-x509-chain': chain, ...kept } = lowerCaseNames(request.headers)
  const headers: Record<string, string> = {
    host: hostHeader(request),
    ...kept,
    'x-amz-date': amzDate(at),
    'x-amz-x509': base64(signer.certificate),
  }
  if (signer.chain.length > 0) headers['x-amz-x509-chain'] = signer.chain.map(base64).join(',')
  const unsigned = { ...request, headers }

  const canonical = await canonicalRequest(unsigned)
  const credential = credentialScope(at, scope)
  const text = await stringToSign(signer.algorithm, at, credential, canonical.text)
  const signature = Buffer.from(await signer.sign(Buffer.from(text))).toString('hex')
  headers['authorization'] =
    `${signer.algorithm} Credential=${signer.serialNumber}/${credential}, ` +
    `SignedHeaders=${canonical.signedHeaders}, Signature=${signature}`
  return unsigned
}

function lowerCaseNames(headers: HttpRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}

function hostHeader({ protocol, hostname, port }: HttpRequest): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  return port === undefined || port === DEFAULT_PORT[protocol] ? host : `${host}:${port}`
}

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64')
