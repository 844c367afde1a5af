import { RolesAnywhereError } from '../errors.js'
import type { Logger } from '../log.js'
import { resolveTarget } from '../protocol/arn.js'
import { endpointFor } from '../protocol/endpoints.js'
import { Secret } from '../secret.js'
import type { Workload } from './session-source.js'

/** Who the workload is, and how its sessions are to be kept. */
export interface FromRolesAnywhereInit {
  /**
   * Path: PEM with or without its chain, DER or PKCS#12; `env:NAME` for PEM in a variable; or a
   * `pkcs11:` URI.
   */
  readonly certificate: string
  /** Path, `env:NAME` or a `pkcs11:` URI. Default: the certificate's own file or token. */
  readonly privateKey?: string
  /** Path of further certificates for the chain, in any order. */
  readonly intermediates?: string
  /** Path of a file with the passphrase of an encrypted key or PKCS#12 file. */
  readonly privateKeyPassphraseFile?: string
  /** The passphrase itself; the file wins. */
  readonly privateKeyPassphrase?: string
  /** Path of the PKCS#11 module for `pkcs11:` URIs. Default: p11-kit. */
  readonly pkcs11Library?: string
  /** Path of a file with the PIN of the token; `pin-source` of the URI wins. */
  readonly pkcs11PinFile?: string
  /** The PIN itself; a file wins. */
  readonly pkcs11Pin?: string
  readonly trustAnchorArn: string
  readonly profileArn: string
  readonly roleArn: string
  /** 900 to 43200; default 3600. */
  readonly durationSeconds?: number
  /** 2 to 64 characters; only if the profile accepts custom names. */
  readonly roleSessionName?: string
  /** Default: the trust anchor's. */
  readonly region?: string
  /** URL of another endpoint than the public one of the region; plain `http:` only to loopback. */
  readonly endpoint?: string
  readonly useFipsEndpoint?: boolean
  readonly useDualstackEndpoint?: boolean
  /** Path of a PEM file with extra roots for TLS to the endpoint. */
  readonly caBundle?: string
  /** Deadline of one CreateSession call, all attempts included; default 10000. */
  readonly timeoutMs?: number
  /** Renew at the latest after this time, however long a session lives; 60000 at the least. */
  readonly refreshIntervalMs?: number
  /** Looked at for `env:NAME`, proxies and `AWS_MAX_ATTEMPTS`: pass `process.env`. Default: empty. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Told what happens in the background. Default: silent. */
  readonly logger?: Logger
}

type Kind = 'string' | 'number' | 'boolean' | 'object'

/** Every option with its type: what is not here is a mistake in spelling. */
const OPTIONS: Readonly<Record<keyof FromRolesAnywhereInit, Kind>> = {
  certificate: 'string',
  privateKey: 'string',
  intermediates: 'string',
  privateKeyPassphraseFile: 'string',
  privateKeyPassphrase: 'string',
  pkcs11Library: 'string',
  pkcs11PinFile: 'string',
  pkcs11Pin: 'string',
  trustAnchorArn: 'string',
  profileArn: 'string',
  roleArn: 'string',
  durationSeconds: 'number',
  roleSessionName: 'string',
  region: 'string',
  endpoint: 'string',
  useFipsEndpoint: 'boolean',
  useDualstackEndpoint: 'boolean',
  caBundle: 'string',
  timeoutMs: 'number',
  refreshIntervalMs: 'number',
  env: 'object',
  logger: 'object',
}

const REQUIRED = ['certificate', 'trustAnchorArn', 'profileArn', 'roleArn'] as const

const RANGES = {
  durationSeconds: [900, 43_200],
  timeoutMs: [1_000, 300_000],
  refreshIntervalMs: [60_000, 43_200_000],
} as const

/**
 * The workload that the options of a provider describe.
 *
 * @throws TypeError naming the option that is missing, unknown or malformed, never its value.
 */
export function workloadOf(init: FromRolesAnywhereInit): Workload {
  checkShape(init)
  const { trustAnchorArn, profileArn, roleArn, durationSeconds = 3600, roleSessionName } = init
  if (roleSessionName !== undefined && !/^[\w+=,.@-]{2,64}$/.test(roleSessionName)) {
    throw new TypeError(
      'roleSessionName is not 2 to 64 of the characters A-Z a-z 0-9 _ + = , . @ -',
    )
  }
  try {
    const arns = { trustAnchorArn, profileArn, roleArn }
    const named = init.region === undefined ? {} : { region: init.region }
    const { region, useFips } = resolveTarget({ ...arns, ...named })
    return {
      identityFiles: identityFilesOf(init),
      params: {
        ...arns,
        durationSeconds,
        ...(roleSessionName !== undefined && { roleSessionName }),
      },
      endpoint: endpointFor({
        region,
        useFips: useFips || (init.useFipsEndpoint ?? false),
        useDualstack: init.useDualstackEndpoint ?? false,
        ...(init.endpoint !== undefined && { override: init.endpoint }),
      }),
      region,
      ...(init.caBundle !== undefined && { caBundle: init.caBundle }),
      verifyTls: true,
      timeoutMs: init.timeoutMs ?? 10_000,
    }
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw new TypeError(cause.message, { cause })
    throw cause
  }
}

function identityFilesOf(init: FromRolesAnywhereInit): Workload['identityFiles'] {
  const { certificate, privateKey, intermediates, privateKeyPassphrase: passphrase } = init
  const passphraseFile = init.privateKeyPassphraseFile
  const { pkcs11Library, pkcs11PinFile, pkcs11Pin: pin } = init
  return {
    certificate,
    ...(privateKey !== undefined && { privateKey }),
    ...(intermediates !== undefined && { intermediates }),
    ...(passphraseFile !== undefined && { passphraseFile }),
    ...(passphrase !== undefined && { passphrase: new Secret(passphrase) }),
    ...(pkcs11Library !== undefined && { pkcs11Library }),
    ...(pkcs11PinFile !== undefined && { pkcs11PinFile }),
    ...(pin !== undefined && { pkcs11Pin: new Secret(pin) }),
  }
}

function checkShape(init: FromRolesAnywhereInit): void {
  for (const [name, value] of Object.entries(init)) {
    if (!Object.hasOwn(OPTIONS, name)) throw new TypeError(`unknown option ${name}`)
    const kind = OPTIONS[name as keyof FromRolesAnywhereInit]
    if (value !== undefined && (typeof value !== kind || value === null)) {
      throw new TypeError(`${name} is not of type ${kind}`)
    }
  }
  for (const name of REQUIRED) {
    if (!init[name]) throw new TypeError(`${name} is missing`)
  }
  for (const name of ['durationSeconds', 'timeoutMs', 'refreshIntervalMs'] as const) {
    const [least, most] = RANGES[name]
    const value = init[name]
    if (value === undefined || (value >= least && value <= most)) continue
    throw new TypeError(`${name} is not between ${least} and ${most}`)
  }
}
