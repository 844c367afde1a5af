import { type Arrived, type Pair, decodePairs, valueOf } from '../http/exchange.js'
import type { Failure } from '../http/failure.js'
import { ARN_FORMS, type Arn, parseArn } from '../state/arn.js'
import { REFUSALS } from './refusals.js'

/** What a CreateSession request asks for. */
export interface Parameters {
  readonly trustAnchorArn: Arn
  readonly profileArn: Arn
  readonly roleArn: Arn
  readonly durationSeconds: number | undefined
  readonly roleSessionName: string | undefined
}

const ROLE_SESSION_NAME = /^[\w+=,.@-]{2,64}$/

/**
 * Reads the parameters. ARNs may stand in the query or in the JSON body; the query wins. Members
 * that the service ignores (`sessionName`, `instanceProperties`, `cert`) are ignored here too.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function readParameters(arrived: Arrived): Parameters | Failure {
  const query = decodePairs(arrived.rawQuery)
  const body = readBody(arrived.body)
  if (!query) return REFUSALS.invalidParameter('The query string is malformed')
  if (!body) return REFUSALS.invalidParameter('The request body is not a JSON object')
  const arns = readArns(query, body)
  if ('code' in arns) return arns
  // `null` is absent in the service's protocol.
  const durationSeconds = body['durationSeconds'] ?? undefined
  const roleSessionName = body['roleSessionName'] ?? undefined
  if (durationSeconds !== undefined && !isDuration(durationSeconds)) {
    return constraint('durationSeconds', 'Member must be a whole number between 900 and 43200')
  }
  if (roleSessionName !== undefined && !isSessionName(roleSessionName)) {
    return constraint(
      'roleSessionName',
      `Member must satisfy regular expression pattern: ${ROLE_SESSION_NAME.source}`,
    )
  }
  return { ...arns, durationSeconds, roleSessionName }
}

type Arns = Pick<Parameters, 'trustAnchorArn' | 'profileArn' | 'roleArn'>

function readArns(query: readonly Pair[], body: Record<string, unknown>): Arns | Failure {
  const read = (name: keyof Arns, form: RegExp): Arn | Failure => {
    const text = valueOf(query, name) ?? body[name] ?? undefined
    if (text === undefined) return constraint(name, 'Member must not be null')
    const arn = typeof text === 'string' && form.test(text) ? parseArn(text) : undefined
    return arn ?? constraint(name, 'Member must satisfy the pattern of its ARN')
  }
  const trustAnchorArn = read('trustAnchorArn', ARN_FORMS.trustAnchor)
  const profileArn = read('profileArn', ARN_FORMS.profile)
  const roleArn = read('roleArn', ARN_FORMS.role)
  if ('code' in trustAnchorArn) return trustAnchorArn
  if ('code' in profileArn) return profileArn
  return 'code' in roleArn ? roleArn : { trustAnchorArn, profileArn, roleArn }
}

/** An empty body is an empty object: every member but the ARNs is optional. */
function readBody(body: Buffer): Record<string, unknown> | undefined {
  if (body.length === 0) return {}
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    // Not UTF-8 or not JSON: the caller refuses the request.
    return undefined
  }
}

const isDuration = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 900 && value <= 43_200

const isSessionName = (value: unknown): value is string =>
  typeof value === 'string' && ROLE_SESSION_NAME.test(value)

const constraint = (name: string, rule: string): Failure =>
  REFUSALS.invalidParameter(
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: ${rule}`,
  )
