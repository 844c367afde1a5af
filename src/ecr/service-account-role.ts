import { Buffer } from 'node:buffer'
import { RolesAnywhereError } from '../errors.js'
import type { CredentialProviderRequest } from './credential-provider.js'
import type { ServiceAccountRule } from './registry-config.js'
import type { RegistryRole } from './registry-roles.js'

/** The annotation with which a service account names the role of its pulls. */
export const ROLE_ANNOTATION = 'rolesanywhere.io/role-arn'

/**
 * The role that a service account asks for, if a rule lets it. Fails closed: with rules, a request
 * without a token is refused, and so is a token without rules; nobody falls back to the node's role.
 *
 * The kubelet got the token from the API server and hands it over on a pipe, so the token says whose
 * pod it is; its signature is not verified here, since nothing on this side could.
 *
 * @param rules Absent when service accounts are not configured.
 * @param at The present instant, against which the token's end is held.
 * @returns `undefined` when neither rules nor token are there: the node's own role.
 * @throws RolesAnywhereError `ERR_RA_ECR_TOKEN_DENIED`; the message holds no part of the token but
 *   the names of namespace and service account.
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-auth/4412-projected-service-account-tokens-for-kubelet-image-credential-providers
 */
export function serviceAccountRole(
  { serviceAccountToken: token, serviceAccountAnnotations = {} }: CredentialProviderRequest,
  rules: readonly ServiceAccountRule[] | undefined,
  at: Date,
): RegistryRole | undefined {
  if (token === undefined) {
    if (!rules) return undefined
    throw denied(
      'the kubelet sent no service account token',
      'set tokenAttributes with requireServiceAccount true, or use another registry configuration',
    )
  }
  if (!rules) {
    throw denied(
      'the kubelet sent a service account token, and no rule says which roles it may have',
      'add serviceAccounts to the registry configuration, or remove tokenAttributes',
    )
  }
  const { namespace, name } = subjectOf(token, at)
  const who = `service account ${namespace}/${name}`
  const asked = serviceAccountAnnotations[ROLE_ANNOTATION]
  if (asked === undefined || asked === '') {
    throw denied(
      `${who} has no annotation ${ROLE_ANNOTATION}`,
      'annotate it with the ARN of a role',
    )
  }
  const allowed = rules
    .filter((rule) => rule.namespace === namespace && (rule.name === '*' || rule.name === name))
    .flatMap(({ roles }) => roles)
    .find(({ roleArn }) => roleArn === asked)
  if (allowed) return allowed
  throw denied(
    `no rule allows ${who} the role in its annotation`,
    'add the role to serviceAccounts in the registry configuration',
  )
}

function subjectOf(token: string, at: Date): { readonly namespace: string; readonly name: string } {
  const unreadable = (): RolesAnywhereError =>
    denied('the service account token is not one of Kubernetes', 'check the version of the kubelet')
  const [, payload, signature] = token.split('.')
  if (payload === undefined || !signature) throw unreadable()
  let claims: { sub?: unknown; exp?: unknown }
  try {
    claims = (JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) ?? {}) as typeof claims
  } catch {
    // The parser's error is dropped on purpose: it quotes the token.
    throw unreadable()
  }
  const { sub, exp } = claims
  const subject = typeof sub === 'string' ? SUBJECT.exec(sub) : null
  const [, namespace, name] = subject ?? []
  if (namespace === undefined || name === undefined || typeof exp !== 'number') throw unreadable()
  if (exp * 1000 <= at.getTime()) {
    throw denied('the service account token has expired', 'check the clock of this machine')
  }
  return { namespace, name }
}

const SUBJECT = /^system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})$/

function denied(message: string, hint: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ECR_TOKEN_DENIED', message, { hint })
}
