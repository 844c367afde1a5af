/** Broad class of a failure. Front ends decide what to do by kind; people and tests read the code. */
export type ErrorKind = 'usage' | 'config' | 'identity' | 'denied' | 'unavailable' | 'internal'

/** Every code this package throws, with the one kind it belongs to. Adding a code is one line here. */
export const KIND_OF = {
  // The command line itself.
  ERR_RA_COMMAND_UNKNOWN: 'usage',
  ERR_RA_FLAG_UNKNOWN: 'usage',
  ERR_RA_FLAG_INVALID: 'usage',
  ERR_RA_FLAG_CONFLICT: 'usage',
  ERR_RA_FLAG_UNSUPPORTED: 'usage',
  ERR_RA_ARGUMENT_INVALID: 'usage',
  ERR_RA_INPUT_INVALID: 'usage',

  // Settings, and what they name on this machine.
  ERR_RA_SETTING_MISSING: 'config',
  ERR_RA_SETTING_INVALID: 'config',
  ERR_RA_ARN_INVALID: 'config',
  ERR_RA_ARN_MISMATCH: 'config',
  ERR_RA_ENDPOINT_INVALID: 'config',
  ERR_RA_CONFIG_FILE_INVALID: 'config',
  ERR_RA_CONFIG_PROFILE_MISSING: 'config',
  ERR_RA_CA_BUNDLE_INVALID: 'config',
  ERR_RA_PROXY_INVALID: 'config',
  ERR_RA_TOKEN_FILE_INVALID: 'config',
  ERR_RA_LISTEN_FAILED: 'config',
  ERR_RA_FILE_EXISTS: 'config',
  ERR_RA_FILE_UNREADABLE: 'config',
  ERR_RA_FILE_UNWRITABLE: 'config',
  ERR_RA_EMULATOR_STATE_INVALID: 'config',
  ERR_RA_PKI_INVALID: 'config',
  ERR_RA_INJECTOR_CONFIG_INVALID: 'config',
  ERR_RA_INJECTION_REFUSED: 'config',
  ERR_RA_MANIFEST_INVALID: 'config',
  ERR_RA_PKCS11_URI_INVALID: 'config',
  ERR_RA_PKCS11_UNAVAILABLE: 'config',
  ERR_RA_ECR_CONFIG_INVALID: 'config',

  // Certificate, private key and chain.
  ERR_RA_CERTIFICATE_UNREADABLE: 'identity',
  ERR_RA_CERTIFICATE_INVALID: 'identity',
  ERR_RA_CERTIFICATE_MISSING: 'identity',
  ERR_RA_CERTIFICATE_EXPIRED: 'identity',
  ERR_RA_CERTIFICATE_NOT_YET_VALID: 'identity',
  ERR_RA_CERTIFICATE_VERSION: 'identity',
  ERR_RA_CERTIFICATE_IS_CA: 'identity',
  ERR_RA_CERTIFICATE_KEY_USAGE: 'identity',
  ERR_RA_CERTIFICATE_HASH_WEAK: 'identity',
  ERR_RA_CERTIFICATE_SUBJECT_EMPTY: 'identity',
  ERR_RA_CHAIN_INVALID: 'identity',
  ERR_RA_CHAIN_TOO_LONG: 'identity',
  ERR_RA_KEY_UNREADABLE: 'identity',
  ERR_RA_KEY_INVALID: 'identity',
  ERR_RA_KEY_MISSING: 'identity',
  ERR_RA_KEY_ENCRYPTED: 'identity',
  ERR_RA_KEY_CIPHER_UNSUPPORTED: 'identity',
  ERR_RA_KEY_UNSUPPORTED: 'identity',
  ERR_RA_KEY_MISMATCH: 'identity',
  ERR_RA_PASSPHRASE_WRONG: 'identity',
  ERR_RA_PKCS12_INVALID: 'identity',
  ERR_RA_SIGNING_FAILED: 'identity',

  // A certificate or key on a PKCS#11 token.
  ERR_RA_TOKEN_MISSING: 'identity',
  ERR_RA_OBJECT_AMBIGUOUS: 'identity',
  ERR_RA_PIN_MISSING: 'identity',
  ERR_RA_PIN_WRONG: 'identity',
  ERR_RA_PIN_LOCKED: 'identity',
  ERR_RA_PKCS11_FAILED: 'identity',

  // The API server of the cluster, as far as asking again in the same way does not help.
  ERR_RA_KUBE_CONFIG_INVALID: 'config',
  ERR_RA_WEBHOOK_CERTIFICATE_INVALID: 'config',
  ERR_RA_ADMISSION_REVIEW_INVALID: 'usage',
  ERR_RA_KUBE_UNAUTHORIZED: 'denied',
  ERR_RA_KUBE_FORBIDDEN: 'denied',
  ERR_RA_KUBE_NOT_FOUND: 'denied',
  ERR_RA_KUBE_CONFLICT: 'denied',
  ERR_RA_KUBE_GONE: 'denied',
  ERR_RA_KUBE_INVALID: 'denied',

  // The service said no; asking again with the same request gives the same answer.
  ERR_RA_SESSION_DENIED: 'denied',
  ERR_RA_REQUEST_REFUSED: 'denied',
  ERR_RA_CLOCK_SKEW: 'denied',
  ERR_RA_ECR_TOKEN_DENIED: 'denied',
  ERR_RA_ECR_SESSION_REFUSED: 'denied',
  ERR_RA_ECR_REGISTRY_DENIED: 'denied',
  ERR_RA_ECR_REPOSITORY_NOT_FOUND: 'denied',

  // Worth another try later.
  ERR_RA_ENDPOINT_UNREACHABLE: 'unavailable',
  ERR_RA_TLS_FAILED: 'unavailable',
  ERR_RA_PROXY_FAILED: 'unavailable',
  ERR_RA_SESSION_TIMEOUT: 'unavailable',
  ERR_RA_THROTTLED: 'unavailable',
  ERR_RA_SERVICE_FAILED: 'unavailable',
  ERR_RA_RESPONSE_INVALID: 'unavailable',
  ERR_RA_NO_SESSION: 'unavailable',
  ERR_RA_FILE_LOCKED: 'unavailable',
  ERR_RA_KUBE_UNREACHABLE: 'unavailable',
  ERR_RA_KUBE_UNAVAILABLE: 'unavailable',
} as const satisfies Record<string, ErrorKind>

/** Stable identifier of one failure. Never renamed within a major version. */
export type ErrorCode = keyof typeof KIND_OF

/** What a {@link RolesAnywhereError} may carry besides its message. Nothing here may hold a secret. */
export interface RolesAnywhereErrorOptions {
  /** The lower error, kept for logs and never shown to HTTP clients. */
  cause?: unknown
  /** One sentence the reader can act on. Printed after `hint:` by the command line. */
  hint?: string
}

/** The only error class this package throws on purpose. Any other error is a bug in this package. */
export class RolesAnywhereError extends Error {
  override readonly name = 'RolesAnywhereError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: RolesAnywhereErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.kind = KIND_OF[code]
    this.hint = options.hint
  }
}

/** Kind of any thrown value: ours as declared, everything else `internal`. */
export function kindOf(error: unknown): ErrorKind {
  return error instanceof RolesAnywhereError ? error.kind : 'internal'
}
