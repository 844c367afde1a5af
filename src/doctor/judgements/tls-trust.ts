import { networkFailure } from '../../session/network-failure.js'
import type { HttpRequest } from '../../protocol/http-message.js'
import { failedBy, type Finding, ok, warning } from '../finding.js'
import type { Handshake } from '../probes/handshake.js'

/** What decides whether a handshake is good. */
export interface TlsExpectation {
  readonly hostname: string
  readonly port: number
  /** `false` accepts any certificate. */
  readonly verify: boolean
}

/** Hosts whose certificates AWS's own CA issues. */
const AWS_HOST = /\.(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn|amazonaws\.eu)$/

/** Names of the CAs behind AWS's endpoints; the older roots are Starfield's. */
const AWS_ISSUER = /amazon|starfield|digicert/i

/**
 * Says whether the endpoint's certificate is trusted, and whether somebody else than AWS issued it,
 * as a proxy does that opens TLS.
 */
export function judgeTls(seen: Handshake, expected: TlsExpectation): Finding {
  const { protocol, issuer, problem, organizations, validTo, subject } = seen
  const detail = { protocol, issuer, subject, validTo, organizations, problem }
  if (problem !== undefined && expected.verify) {
    const error = networkFailure(Object.assign(new Error(problem), { code: problem }), {
      ...REQUEST,
      hostname: expected.hostname,
      port: expected.port,
    })
    const finding = failedBy(error, { detail })
    return { ...finding, message: `${finding.message}; issued by "${issuer}"` }
  }
  const message = `${protocol}, certificate issued by "${issuer}"`
  if (problem !== undefined) {
    const hint = 'drop --no-verify-ssl, and give the root with --ca-bundle'
    return warning(`${message}, not trusted (${problem})`, hint, detail)
  }
  if (!AWS_HOST.test(expected.hostname) || AWS_ISSUER.test(organizations.join(' '))) {
    return ok(message, detail)
  }
  return warning(
    `${message}, which is not a CA of AWS: something on the way opens TLS`,
    'that proxy reads every session: have the endpoint excepted from inspection',
    detail,
  )
}

/** Only what the wording of a failure asks for. */
const REQUEST: HttpRequest = {
  method: 'GET',
  protocol: 'https:',
  hostname: '',
  path: '/',
  query: {},
  headers: {},
  body: '',
}
