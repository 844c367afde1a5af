import { createHash, createHmac } from 'node:crypto'
import { amzDate, canonicalRequest, credentialScope } from '../protocol/canonical-request.js'
import type { HttpRequest } from '../protocol/http-message.js'
import type { SessionCredentials } from '../protocol/session-credentials.js'

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * Signs a request with session credentials (Signature Version 4). Every header is signed.
 *
 * @param at Signing instant, by the service's clock.
 * @returns the request with `host`, `x-amz-date`, `x-amz-security-token` and `authorization` set.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function signV4(
  request: HttpRequest,
  credentials: SessionCredentials,
  scope: { readonly region: string; readonly service: string },
  at: Date,
): Promise<HttpRequest> {
  const { hostname, port } = request
  const name = hostname.includes(':') ? `[${hostname}]` : hostname
  const headers: Record<string, string> = {
    ...request.headers,
    host: port === undefined ? name : `${name}:${port}`,
    'x-amz-date': amzDate(at),
    'x-amz-security-token': credentials.sessionToken.reveal(),
  }
  const unsigned = { ...request, headers }
  const canonical = await canonicalRequest(unsigned)
  const scopeText = credentialScope(at, scope)
  const digest = createHash('sha256').update(canonical.text).digest('hex')
  const text = [ALGORITHM, amzDate(at), scopeText, digest].join('\n')
  const key = scopeText
    .split('/')
    .reduce(
      (parent: string | Buffer, part) => createHmac('sha256', parent).update(part).digest(),
      `AWS4${credentials.secretAccessKey.reveal()}`,
    )
  const signature = createHmac('sha256', key).update(text).digest('hex')
  headers['authorization'] =
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText}, ` +
    `SignedHeaders=${canonical.signedHeaders}, Signature=${signature}`
  return unsigned
}
