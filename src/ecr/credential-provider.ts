import { RolesAnywhereError } from '../errors.js'
import type { AuthorizationToken } from './authorization-token.js'

/** What the kubelet asks. */
export interface CredentialProviderRequest {
  readonly apiVersion: string
  /** Without tag and digest. */
  readonly image: string
  /** In the mode with service account tokens. */
  readonly serviceAccountToken?: string
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>
}

/** A request with a token and all annotations of a service account is far smaller. */
export const MAX_REQUEST_BYTES = 512 * 1024

const MAX_IMAGE_LENGTH = 4096
const V1 = 'credentialprovider.kubelet.k8s.io/v1'
const API_VERSIONS: readonly string[] = [V1, 'credentialprovider.kubelet.k8s.io/v1beta1']

/**
 * Reads the one JSON document that the kubelet writes to standard input.
 *
 * @throws RolesAnywhereError `ERR_RA_INPUT_INVALID`; the message never repeats the input, which may
 *   hold a token.
 * @see https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
 */
export function parseCredentialProviderRequest(text: string): CredentialProviderRequest {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // The parser's error is dropped on purpose: it quotes the input.
    throw invalid('is not one JSON document')
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid('is not an object')
  }
  const fields = document as Readonly<Record<string, unknown>>
  if (fields['kind'] !== 'CredentialProviderRequest') {
    throw invalid('is not of kind CredentialProviderRequest')
  }
  const apiVersion = API_VERSIONS.find((known) => known === fields['apiVersion'])
  if (apiVersion === undefined) throw invalid(`has none of the versions ${API_VERSIONS.join(', ')}`)
  const { image, serviceAccountToken: token, serviceAccountAnnotations: annotations } = fields
  if (typeof image !== 'string' || image === '' || image.length > MAX_IMAGE_LENGTH) {
    throw invalid('names no image')
  }
  if (token !== undefined && (typeof token !== 'string' || apiVersion !== V1)) {
    throw invalid('has a service account token of a form that its version does not have')
  }
  if (annotations !== undefined && !isTextMap(annotations)) {
    throw invalid('has annotations that are not texts')
  }
  return {
    apiVersion,
    image,
    // An empty one is Go's way of leaving it out.
    ...(typeof token === 'string' && token !== '' && { serviceAccountToken: token }),
    ...(annotations !== undefined && { serviceAccountAnnotations: annotations }),
  }
}

function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((entry) => typeof entry === 'string')
}

/** Less life than this is not worth keeping: the kubelet asks again for the next image. */
const MIN_CACHED_LIFE_MS = 10 * 60_000

/**
 * The answer to the kubelet, which decodes it strictly: no field but these. It may keep the password
 * for half of what is left of its life, since it does not drop it when a registry refuses it.
 *
 * @param host As the image has it: the kubelet compares it with letter case.
 * @param at The present instant.
 */
export function credentialProviderResponse(
  { apiVersion }: CredentialProviderRequest,
  host: string,
  token: AuthorizationToken,
  at: Date,
): object {
  const leftMs = token.lifeMs - (at.getTime() - token.obtainedAt.getTime())
  const { username, password } = token
  return {
    kind: 'CredentialProviderResponse',
    apiVersion,
    cacheKeyType: 'Registry',
    cacheDuration: leftMs < MIN_CACHED_LIFE_MS ? '0s' : goDuration(leftMs / 2),
    auth: { [host]: { username, password: password.reveal() } },
  }
}

/** The answer for an image that is not ours: no credentials, which is no failure. */
export function noCredentialsResponse({ apiVersion }: CredentialProviderRequest): object {
  return {
    kind: 'CredentialProviderResponse',
    apiVersion,
    cacheKeyType: 'Registry',
    cacheDuration: '0s',
    auth: {},
  }
}

/** Whole seconds as Go writes durations: `5h59m58s`. */
function goDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m${seconds % 60}s`
}

function invalid(problem: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_INPUT_INVALID', `the request ${problem}`, {
    hint: 'this command is for the kubelet, which writes a CredentialProviderRequest to standard input',
  })
}
