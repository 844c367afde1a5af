import { Sha256 } from '@aws-crypto/sha256-js'
import {
  createScope,
  getCanonicalHeaders,
  getCanonicalQuery,
  getPayloadHash,
  SignatureV4Base,
} from '@smithy/signature-v4'
import type { HttpRequest } from './http-message.js'
import type { SignatureAlgorithmName } from './signature-algorithms.js'

/** Headers that change between signing and arrival, and the one that carries the signature. */
const NEVER_SIGNED = ['authorization', 'user-agent', 'x-amzn-trace-id']

/** The parts of smithy's signer that do not depend on the kind of key, opened for use. */
class SignatureV4Parts extends SignatureV4Base {
  constructor() {
    // Only `sha256` is read by the methods used here; no HMAC key is ever derived.
    const credentials = { accessKeyId: '', secretAccessKey: '' }
    super({ service: '', region: '', credentials, sha256: Sha256 })
  }

  canonicalRequest(request: HttpRequest, headers: Record<string, string>, hash: string): string {
    return this.createCanonicalRequest(request, headers, hash)
  }

  async stringToSign(
    date: string,
    scope: string,
    canonical: string,
    name: string,
  ): Promise<string> {
    return this.createStringToSign(date, scope, canonical, name)
  }

  dates(at: Date): { longDate: string; shortDate: string } {
    return this.formatDate(at)
  }

  headerList(headers: Record<string, string>): string {
    return this.getCanonicalHeaderList(headers)
  }
}

const sigv4 = new SignatureV4Parts()

/** A request reduced to the one text that both sides must arrive at. */
export interface CanonicalRequest {
  /** The canonical request itself. */
  readonly text: string
  /** Names of the signed headers, sorted and joined with `;`, as `SignedHeaders=` wants them. */
  readonly signedHeaders: string
}

/**
 * Builds the canonical request of Signature Version 4.
 *
 * @param signedHeaders Names of the headers to sign, in any case and order. Default: every header of
 *   the request but `authorization`, `user-agent` and `x-amzn-trace-id`.
 * @throws TypeError when a header to sign is not on the request.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function canonicalRequest(
  request: HttpRequest,
  signedHeaders: readonly string[] = signableHeaders(request),
): Promise<CanonicalRequest> {
  const wanted = new Set(signedHeaders.map((name) => name.toLowerCase()))
  const chosen = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => wanted.has(name.toLowerCase())),
  )
  // The third argument overrules smithy's own list of headers that it leaves unsigned.
  const headers = getCanonicalHeaders({ ...request, headers: chosen }, undefined, wanted)
  const missing = [...wanted].find((name) => !Object.hasOwn(headers, name))
  if (missing !== undefined) throw new TypeError(`header "${missing}" is not there to be signed`)
  const hash = await getPayloadHash(request, Sha256)
  return {
    text: sigv4.canonicalRequest(request, headers, hash),
    signedHeaders: sigv4.headerList(headers),
  }
}

function signableHeaders(request: HttpRequest): string[] {
  return Object.keys(request.headers).filter((name) => !NEVER_SIGNED.includes(name.toLowerCase()))
}

/** Query string of a request exactly as it is signed: sorted, and percent-encoded as RFC 3986 has it. */
export function canonicalQuery(request: HttpRequest): string {
  return getCanonicalQuery(request)
}

/** An instant as `x-amz-date` carries it, `YYYYMMDDTHHMMSSZ`; fractions of a second are cut off. */
export function amzDate(at: Date): string {
  return sigv4.dates(at).longDate
}

/** Credential scope: the UTC day, the region, the service and the closing `aws4_request`. */
export function credentialScope(
  at: Date,
  scope: { readonly region: string; readonly service: string },
): string {
  return createScope(sigv4.dates(at).shortDate, scope.region, scope.service)
}

/**
 * Text that the private key signs.
 *
 * @param scope As {@link credentialScope} made it for the same instant.
 * @param canonical Text of the canonical request.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export async function stringToSign(
  algorithm: SignatureAlgorithmName,
  at: Date,
  scope: string,
  canonical: string,
): Promise<string> {
  return sigv4.stringToSign(amzDate(at), scope, canonical, algorithm)
}
