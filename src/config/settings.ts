import { parseDurationSeconds } from './duration.js'
import { RolesAnywhereError } from '../errors.js'
import { LOG_LEVELS, type LogFormat, type LogLevel } from '../log.js'

/** One row per setting: the flags, the help text, the reference page and the lookup all come from it. */
export interface Setting<T> {
  /** Long name without the dashes. */
  readonly flag: string
  /** Placeholder of the value in the help text; absent for a switch. */
  readonly value?: string
  /** All that the value may be, where that is a short list. */
  readonly choices?: readonly string[]
  readonly env?: string
  /** Key in the AWS config file's profile. */
  readonly profileKey?: string
  /** Reads the text, or throws `RolesAnywhereError` with a message that does not repeat the text. */
  readonly parse: (text: string) => T
  readonly fallback?: T
  /** One sentence, lower case first letter, no period. */
  readonly help: string
}

const text = (value: string): string => value

const invalid = (message: string, hint?: string): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_SETTING_INVALID', message, hint === undefined ? {} : { hint })

function truth(value: string): boolean {
  const word = value.toLowerCase()
  if (word === 'true') return true
  if (word === 'false') return false
  throw invalid('neither "true" nor "false"', 'write true or false')
}

function oneOf<T extends string>(choices: readonly T[]): (value: string) => T {
  return (value) => {
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    throw invalid(`not one of ${choices.join(', ')}`)
  }
}

function within(minSeconds: number, maxSeconds: number): (value: string) => number {
  return (value) => {
    const seconds = parseDurationSeconds(value)
    if (seconds < minSeconds || seconds > maxSeconds) {
      throw invalid(
        `${seconds} s is not between ${minSeconds} s and ${maxSeconds} s`,
        'write seconds (3600) or a number with a unit (15m, 1h)',
      )
    }
    return seconds
  }
}

function sessionName(value: string): string {
  if (/^[\w+=,.@-]{2,64}$/.test(value)) return value
  throw invalid('not 2 to 64 of the characters A-Z a-z 0-9 _ + = , . @ -')
}

/** What `aws_signing_helper` takes for a persistent key of a TPM must not be taken for a file. */
function keySource(value: string): string {
  if (!/^handle:/i.test(value)) return value
  throw new RolesAnywhereError('ERR_RA_FLAG_UNSUPPORTED', 'keys in a TPM are not supported', {
    hint: 'only files and PKCS#11 tokens are; a TPM can be reached through the PKCS#11 module tpm2-pkcs11',
  })
}

/**
 * Settings that say who the workload is and how to reach the service. Flag names are those of
 * `aws_signing_helper`, so that its command lines work with only the program's name changed.
 */
export const SETTINGS = {
  certificate: {
    flag: 'certificate',
    value: 'FILE',
    env: 'ROLESANYWHERE_CERTIFICATE',
    profileKey: 'rolesanywhere_certificate',
    parse: text,
    help: 'certificate: PEM with or without its chain, DER or PKCS#12; env:NAME reads PEM from a variable; or a pkcs11: URI',
  },
  privateKey: {
    flag: 'private-key',
    value: 'FILE',
    env: 'ROLESANYWHERE_PRIVATE_KEY',
    profileKey: 'rolesanywhere_private_key',
    parse: keySource,
    help: "private key of the certificate, env:NAME or a pkcs11: URI; default: the certificate's own file or token",
  },
  passphraseFile: {
    flag: 'private-key-passphrase-file',
    value: 'FILE',
    env: 'ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE_FILE',
    profileKey: 'rolesanywhere_private_key_passphrase_file',
    parse: text,
    help: 'file with the passphrase of an encrypted key or PKCS#12 (or the passphrase itself in ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE)',
  },
  intermediates: {
    flag: 'intermediates',
    value: 'FILE',
    env: 'ROLESANYWHERE_INTERMEDIATES',
    profileKey: 'rolesanywhere_intermediates',
    parse: text,
    help: "intermediate certificates, added to those in the certificate's file, in any order",
  },
  pkcs11Library: {
    flag: 'pkcs11-lib',
    value: 'FILE',
    env: 'ROLESANYWHERE_PKCS11_LIB',
    profileKey: 'rolesanywhere_pkcs11_lib',
    parse: text,
    help: 'PKCS#11 module for pkcs11: URIs; default: module-path of the URI, else p11-kit',
  },
  pkcs11PinFile: {
    flag: 'pkcs11-pin-file',
    value: 'FILE',
    env: 'ROLESANYWHERE_PKCS11_PIN_FILE',
    profileKey: 'rolesanywhere_pkcs11_pin_file',
    parse: text,
    help: 'file with the PIN of the token (or the PIN itself in ROLESANYWHERE_PKCS11_PIN); pin-source of the URI comes first',
  },
  reusePin: {
    flag: 'reuse-pin',
    parse: truth,
    fallback: false,
    help: 'accepted for compatibility: a key that wants the PIN for each signature gets it',
  },
  trustAnchorArn: {
    flag: 'trust-anchor-arn',
    value: 'ARN',
    env: 'ROLESANYWHERE_TRUST_ANCHOR_ARN',
    profileKey: 'rolesanywhere_trust_anchor_arn',
    parse: text,
    help: 'trust anchor that the certificate chains to (required)',
  },
  profileArn: {
    flag: 'profile-arn',
    value: 'ARN',
    env: 'ROLESANYWHERE_PROFILE_ARN',
    profileKey: 'rolesanywhere_profile_arn',
    parse: text,
    help: 'profile of IAM Roles Anywhere (required)',
  },
  roleArn: {
    flag: 'role-arn',
    value: 'ARN',
    env: 'ROLESANYWHERE_ROLE_ARN',
    profileKey: 'rolesanywhere_role_arn',
    parse: text,
    help: 'IAM role to assume (required)',
  },
  sessionDurationSeconds: {
    flag: 'session-duration',
    value: 'DURATION',
    env: 'ROLESANYWHERE_SESSION_DURATION',
    profileKey: 'rolesanywhere_session_duration',
    parse: within(900, 43_200),
    fallback: 3600,
    help: 'length of a session, 15m to 12h; plain numbers are seconds',
  },
  roleSessionName: {
    flag: 'role-session-name',
    value: 'NAME',
    env: 'ROLESANYWHERE_ROLE_SESSION_NAME',
    profileKey: 'rolesanywhere_role_session_name',
    parse: sessionName,
    help: 'session name, 2 to 64 characters; only if the profile accepts custom names',
  },
  region: {
    flag: 'region',
    value: 'REGION',
    env: 'ROLESANYWHERE_REGION',
    profileKey: 'rolesanywhere_region',
    parse: text,
    help: "region of the service; default: the trust anchor's",
  },
  endpoint: {
    flag: 'endpoint',
    value: 'URL',
    env: 'AWS_ENDPOINT_URL_ROLESANYWHERE',
    profileKey: 'rolesanywhere_endpoint',
    parse: text,
    help: 'another endpoint than the public one of the region; plain http only to loopback',
  },
  useFips: {
    flag: 'use-fips-endpoint',
    env: 'AWS_USE_FIPS_ENDPOINT',
    profileKey: 'use_fips_endpoint',
    parse: truth,
    fallback: false,
    help: 'use the FIPS 140 endpoint of the region',
  },
  useDualstack: {
    flag: 'use-dualstack-endpoint',
    env: 'AWS_USE_DUALSTACK_ENDPOINT',
    profileKey: 'use_dualstack_endpoint',
    parse: truth,
    fallback: false,
    help: 'use the endpoint that answers on IPv4 and IPv6',
  },
  caBundle: {
    flag: 'ca-bundle',
    value: 'FILE',
    env: 'AWS_CA_BUNDLE',
    profileKey: 'ca_bundle',
    parse: text,
    help: 'extra root certificates for TLS to the endpoint, PEM',
  },
  timeoutSeconds: {
    flag: 'timeout',
    value: 'DURATION',
    env: 'ROLESANYWHERE_TIMEOUT',
    parse: within(1, 300),
    fallback: 10,
    help: 'deadline of the whole call, all attempts included',
  },
  noVerifySsl: {
    flag: 'no-verify-ssl',
    parse: truth,
    fallback: false,
    help: "do not check the endpoint's certificate; never use this in production",
  },
  withProxy: {
    flag: 'with-proxy',
    parse: truth,
    fallback: false,
    help: 'accepted for compatibility: HTTPS_PROXY and NO_PROXY are always honoured',
  },
} as const satisfies Record<string, Setting<unknown>>

/** The credentials route of a server on this machine. Its token must not leave it, so nothing else will do. */
function loopbackUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== 'http:' || !/^(127(\.\d+){3}|\[::1\]|localhost)$/.test(url.hostname)) {
    throw invalid('not an http: URL of this machine', 'write http://127.0.0.1:9911')
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('a URL with a user or a password', 'name the token file instead')
  }
  if (url.pathname === '/') url.pathname = '/v1/credentials'
  return url
}

/** Settings of `credential-process` on how sessions are shared between processes. */
export const SHARING_SETTINGS = {
  noCache: {
    flag: 'no-cache',
    env: 'ROLESANYWHERE_NO_CACHE',
    parse: truth,
    fallback: false,
    help: 'obtain a session of its own; neither look into the session cache nor write to it',
  },
  sidecar: {
    flag: 'sidecar',
    value: 'URL',
    env: 'ROLESANYWHERE_SIDECAR',
    parse: loopbackUrl,
    help: 'use the session of a running "serve" when it has one for the same role, for example http://127.0.0.1:9911',
  },
  sidecarTokenFile: {
    flag: 'sidecar-token-file',
    value: 'FILE',
    env: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    parse: text,
    help: 'file with the authorization token of that server',
  },
} as const satisfies Record<string, Setting<unknown>>

/** Settings of the program itself, on every command. */
export const PROGRAM_SETTINGS = {
  configProfile: {
    flag: 'config-profile',
    value: 'NAME',
    env: 'AWS_PROFILE',
    parse: text,
    help: 'profile of the AWS config file to read rolesanywhere_* settings from',
  },
  logLevel: {
    flag: 'log-level',
    value: 'LEVEL',
    env: 'ROLESANYWHERE_LOG_LEVEL',
    parse: oneOf<LogLevel>(LOG_LEVELS),
    choices: LOG_LEVELS,
    fallback: 'info',
    help: 'error, warn, info or debug; no level ever prints a secret',
  },
  logFormat: {
    flag: 'log-format',
    value: 'FORMAT',
    env: 'ROLESANYWHERE_LOG_FORMAT',
    parse: oneOf<LogFormat>(['json', 'text']),
    choices: ['json', 'text'],
    help: 'json or text; default: text on a terminal, json elsewhere',
  },
  debug: {
    flag: 'debug',
    parse: truth,
    fallback: false,
    help: 'the same as --log-level debug',
  },
} as const satisfies Record<string, Setting<unknown>>
