import { RolesAnywhereError } from '../errors.js'
import { signV4 } from '../ecr/sign-v4.js'
import { type Endpoint, parseEndpoint } from '../protocol/endpoints.js'
import type { HttpRequest, HttpResponse } from '../protocol/http-message.js'
import { partitionOf } from '../protocol/partitions.js'
import { isThrottling } from '../protocol/refusals.js'
import type { SessionCredentials } from '../protocol/session-credentials.js'
import { VERSION } from '../version.js'

/** Who STS says a caller is. */
export interface CallerIdentity {
  readonly arn: string
  readonly account: string
  readonly userId: string
}

type Env = Readonly<Record<string, string | undefined>>

/**
 * The regional endpoint of STS, or the one that `AWS_ENDPOINT_URL_STS` or `AWS_ENDPOINT_URL` names.
 *
 * @returns with `configured`, whether the environment named it.
 * @throws RolesAnywhereError `ERR_RA_ENDPOINT_INVALID`.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function stsEndpoint(
  region: string,
  useFips: boolean,
  env: Env,
): { readonly endpoint: Endpoint; readonly configured: boolean } {
  const ignored = (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] ?? '').toLowerCase() === 'true'
  const variable = ['AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL'].find((name) => env[name])
  if (variable !== undefined && !ignored) {
    const endpoint = parseEndpoint(env[variable] ?? '', `endpoint of STS (${variable})`)
    return { endpoint, configured: true }
  }
  // GovCloud has no names of their own for FIPS: all are.
  const label = useFips && !region.startsWith('us-gov-') ? 'sts-fips' : 'sts'
  const hostname = `${label}.${region}.${partitionOf(region).dnsSuffix}`
  return { endpoint: { protocol: 'https:', hostname }, configured: false }
}

/**
 * Asks STS whose credentials these are. Needs no permission.
 *
 * @param at Signing instant, by the service's clock.
 * @throws RolesAnywhereError `ERR_RA_SESSION_DENIED`, `ERR_RA_THROTTLED`, `ERR_RA_SERVICE_FAILED`,
 *   `ERR_RA_RESPONSE_INVALID`, or what `send` fails with.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function askCallerIdentity(
  credentials: SessionCredentials,
  endpoint: Endpoint,
  region: string,
  at: Date,
  send: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<CallerIdentity> {
  const request: HttpRequest = {
    ...endpoint,
    method: 'POST',
    path: '/',
    query: {},
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'user-agent': `rolesanywhere/${VERSION}`,
    },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  }
  return processCallerIdentity(
    await send(await signV4(request, credentials, { region, service: 'sts' }, at)),
  )
}

/**
 * Reads the answer of GetCallerIdentity. Pure.
 *
 * @throws RolesAnywhereError as {@link askCallerIdentity}.
 */
export function processCallerIdentity({ status, body }: HttpResponse): CallerIdentity {
  if (status !== 200) throw refusal(status, element(body, 'Code'), element(body, 'Message'))
  const arn = element(body, 'Arn')
  const account = element(body, 'Account')
  const userId = element(body, 'UserId')
  if (arn?.startsWith('arn:') && account && userId) return { arn, account, userId }
  throw new RolesAnywhereError(
    'ERR_RA_RESPONSE_INVALID',
    'GetCallerIdentity answered with something else than an identity',
    {
      hint: 'a proxy or a captive portal may have answered: check AWS_ENDPOINT_URL_STS and proxies',
    },
  )
}

/** What lies behind the refusals of STS. */
const HINTS: Readonly<Record<string, string>> = {
  InvalidClientTokenId:
    'STS does not know this session: check that AWS_ENDPOINT_URL_STS is of the same AWS, and that the region is enabled in the account',
  SignatureDoesNotMatch: 'a proxy changed the request on its way, or the clock is wrong',
  RequestExpired: 'set the clock (NTP)',
  ExpiredToken: 'set the clock (NTP): the session is fresh',
  ExpiredTokenException: 'set the clock (NTP): the session is fresh',
  RegionDisabledException: 'enable the region in the account, or use another',
  AccessDenied: 'a policy of the VPC endpoint or of the organization denies STS',
}

function refusal(
  status: number,
  type: string | undefined,
  message: string | undefined,
): RolesAnywhereError {
  const name = type === undefined ? '' : ` ${type}`
  const text = message === undefined ? '' : `: ${message.replace(/\.$/, '')}`
  const code = isThrottling(status, type)
    ? 'ERR_RA_THROTTLED'
    : status >= 500
      ? 'ERR_RA_SERVICE_FAILED'
      : type === undefined
        ? 'ERR_RA_RESPONSE_INVALID'
        : 'ERR_RA_SESSION_DENIED'
  const hint = HINTS[type ?? ''] ?? 'try again later, or look up what STS says'
  return new RolesAnywhereError(code, `GetCallerIdentity answered HTTP ${status}${name}${text}`, {
    hint,
  })
}

/** Text of the first element of a name; the answers are small and flat. */
function element(body: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]{1,1011})</${name}>`).exec(body)?.[1]
  // Control, format and line characters may not reach a terminal.
  return text?.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim() || undefined
}
