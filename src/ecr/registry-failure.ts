import { type ErrorCode, RolesAnywhereError } from '../errors.js'
import type { HttpResponse } from '../protocol/http-message.js'

/** What a registry said when it did not say yes. */
export interface RegistryFailure {
  readonly error: RolesAnywhereError
  /** Whether a new password may help. */
  readonly expired: boolean
}

const MAX_MESSAGE_LENGTH = 500

/**
 * Explains an answer of a registry that is not a success. A 403 has two meanings that only its text
 * tells apart: the password has expired, or the role lacks a permission.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
 */
export function registryFailure(response: HttpResponse, repository?: string): RegistryFailure {
  const { status } = response
  const { code, message } = firstError(response.body)
  const expired =
    status === 401 || (status === 403 && /authorization token has expired/i.test(message ?? ''))
  const text = message === undefined ? '' : `: ${message.replace(/\.$/, '')}`
  const name = code === undefined ? '' : ` ${code}`
  const where = repository === undefined ? '' : ` for repository ${repository}`
  const { errorCode, hint } = explain(status, code, message, expired)
  const error = new RolesAnywhereError(
    errorCode,
    `the registry answered HTTP ${status}${name}${where}${text}`,
    { hint },
  )
  return { error, expired }
}

function explain(
  status: number,
  code: string | undefined,
  message: string | undefined,
  expired: boolean,
): { readonly errorCode: ErrorCode; readonly hint: string } {
  if (expired) {
    return {
      errorCode: 'ERR_RA_ECR_REGISTRY_DENIED',
      hint: 'a new password was refused as well: check the region of the registry and the clock',
    }
  }
  if (status === 403) {
    const action = /perform: ?(ecr:\w+)/.exec(message ?? '')?.[1]
    const allow = action ?? 'ecr:ListImages, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer'
    return {
      errorCode: 'ERR_RA_ECR_REGISTRY_DENIED',
      hint: `allow the role ${allow} on the repository; in another account, its repository policy must allow it, too`,
    }
  }
  if (status === 404) {
    return {
      errorCode: 'ERR_RA_ECR_REPOSITORY_NOT_FOUND',
      hint: 'check account, region and the name of the repository',
    }
  }
  if (status === 429 || code === 'TOOMANYREQUESTS') {
    return { errorCode: 'ERR_RA_THROTTLED', hint: 'try again later' }
  }
  if (status >= 500) return { errorCode: 'ERR_RA_SERVICE_FAILED', hint: 'try again later' }
  return {
    errorCode: 'ERR_RA_RESPONSE_INVALID',
    hint: 'check that the host is the registry itself and that no proxy answers in its place',
  }
}

function firstError(body: string): { readonly code?: string; readonly message?: string } {
  let document: unknown
  try {
    document = JSON.parse(body)
  } catch {
    // HTML of a proxy, or nothing at all: the status has to do.
    return {}
  }
  const { errors } = (document ?? {}) as { errors?: unknown }
  const first = (Array.isArray(errors) ? errors[0] : undefined) as
    { code?: unknown; message?: unknown } | undefined
  const code = typeof first?.code === 'string' ? /^\w{1,64}$/.exec(first.code)?.[0] : undefined
  const message = typeof first?.message === 'string' ? oneLine(first.message) : undefined
  return { ...(code !== undefined && { code }), ...(message !== undefined && { message }) }
}

/** Without control and format characters: none may reach a terminal or a log. */
const oneLine = (text: string): string =>
  text
    .slice(0, MAX_MESSAGE_LENGTH)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
