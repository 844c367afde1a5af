import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'
import type { Logger } from '../log.js'
import type { CreateSessionParams } from '../protocol/create-session.js'
import type { Endpoint } from '../protocol/endpoints.js'
import { checkIdentity } from '../x509/check-identity.js'
import type { Identity } from '../x509/identity.js'
import { createSigner } from '../x509/signer.js'
import { createSession, type ObtainedSession, type Retries } from './create-session.js'
import { createHttpClient, type Send } from './http-client.js'
import { type IdentityFiles, loadIdentity } from './identity-files.js'
import { type BoundedFile, PROBLEM_TEXTS, readBounded } from './read-bounded.js'
import { type CaBundle, MAX_BUNDLE_BYTES } from './tls-trust.js'

/** Everything that says who the workload is and how it reaches the service, checked and complete. */
export interface Workload {
  readonly identityFiles: IdentityFiles
  readonly params: CreateSessionParams
  readonly endpoint: Endpoint
  /** Region of the service and of the signing scope. */
  readonly region: string
  /** Path of a PEM file with extra roots for TLS. */
  readonly caBundle?: string
  readonly verifyTls: boolean
  /** Deadline of one CreateSession call, all attempts included. */
  readonly timeoutMs: number
}

/** Effects of {@link sessionSource}. */
export interface SessionSourceDeps {
  /** For `env:NAME` files and for proxies. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
  /** Where certificate, key and chain come from. Default: their files, read anew on each call. */
  readonly identity?: () => Promise<Identity>
}

/**
 * A function that obtains a new session each time it is called. Certificate and key are asked for and
 * checked anew on each call, so that a renewed pair takes effect; nothing is sent when they are unfit.
 */
export function sessionSource(
  workload: Workload,
  deps: SessionSourceDeps,
): (signal?: AbortSignal, retries?: () => Retries) => Promise<ObtainedSession> {
  const identityOf = deps.identity ?? fromFiles(workload, deps)
  const clientFor = httpClients(workload, deps)
  return async (signal, retries) => {
    const identity = await identityOf()
    const caBundle = workload.caBundle === undefined ? undefined : readCaBundle(workload.caBundle)
    checkIdentity(identity, deps.clock.now())
    const send = clientFor(caBundle)
    const maxAttempts = attemptsFrom(deps.env)
    return createSession(
      createSigner(identity),
      { ...workload, ...(maxAttempts !== undefined && { maxAttempts }) },
      { ...deps, send, ...(signal && { signal }), ...(retries && { retries }) },
    )
  }
}

/** Makes a new client when the bundle changed: reading all roots takes 40 ms, in which nobody is served. */
function httpClients(
  { verifyTls }: Workload,
  { env }: SessionSourceDeps,
): (caBundle: CaBundle | undefined) => Send {
  let known: { readonly pem: string | undefined; readonly send: Send } | undefined
  return (caBundle) => {
    if (known && known.pem === caBundle?.pem) return known.send
    const send = createHttpClient({ env, verifyTls, ...(caBundle && { caBundle }) })
    known = { pem: caBundle?.pem, send }
    return send
  }
}

function fromFiles(
  { identityFiles }: Workload,
  { env, log }: SessionSourceDeps,
): () => Promise<Identity> {
  const said = new Set<string>()
  return async () => {
    const identity = await loadIdentity(identityFiles, env)
    for (const warning of identity.warnings ?? []) {
      if (!said.has(warning)) log.warn(warning)
      said.add(warning)
    }
    return identity
  }
}

/**
 * Reads the extra roots of a workload.
 *
 * @throws RolesAnywhereError `ERR_RA_CA_BUNDLE_INVALID`.
 */
export function readCaBundle(path: string): CaBundle {
  const name = `CA bundle "${path}"`
  const failed = (what: string, cause?: unknown): RolesAnywhereError =>
    new RolesAnywhereError('ERR_RA_CA_BUNDLE_INVALID', `${name} ${what}`, {
      cause,
      hint: 'check --ca-bundle and AWS_CA_BUNDLE',
    })
  let file: BoundedFile
  try {
    file = readBounded(path, MAX_BUNDLE_BYTES)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw failed(`cannot be read (${reason})`, cause)
  }
  if ('bytes' in file) return { name, pem: file.bytes.toString('utf8') }
  throw failed(PROBLEM_TEXTS[file.problem])
}

/** `AWS_MAX_ATTEMPTS`, as every AWS SDK reads it; anything but a small positive number is ignored. */
function attemptsFrom(env: SessionSourceDeps['env']): number | undefined {
  const text = env['AWS_MAX_ATTEMPTS'] ?? ''
  return /^[1-9]\d?$/.test(text) ? Number(text) : undefined
}
