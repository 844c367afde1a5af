import { get, type IncomingMessage } from 'node:http'
import { HAND_OUT_MS } from '../cache/freshness.js'
import { RolesAnywhereError } from '../errors.js'
import type { Logger } from '../log.js'
import type { SessionCredentials } from '../protocol/session-credentials.js'
import { Secret } from '../secret.js'
import { readBounded } from '../session/read-bounded.js'
import type { Io } from './command.js'

/** A running `serve` that may have the session already. */
export interface SidecarInit {
  /** On loopback. */
  readonly url: URL
  readonly tokenFile: string | undefined
  /** Whose credentials they must be. */
  readonly roleArn: string
  readonly io: Pick<Io, 'clock' | 'signal'>
  readonly log: Logger
}

/** It answers from memory, on the same machine. */
const TIMEOUT_MS = 1_000

const MAX_ANSWER_BYTES = 64 * 1024

const MAX_TOKEN_BYTES = 16 * 1024

/**
 * The session that a running `serve` holds for the role.
 *
 * @returns `undefined` when nobody answers, or with something else.
 * @throws RolesAnywhereError `ERR_RA_TOKEN_FILE_INVALID` when the token file is there and cannot be used.
 */
export async function askSidecar(init: SidecarInit): Promise<SessionCredentials | undefined> {
  const { log, url } = init
  const where = url.origin
  const token = readToken(init.tokenFile, log)
  const answer = await ask(url, token, init.io)
  if (typeof answer === 'string') {
    log.debug('no sidecar to ask', { where, why: answer })
    return undefined
  }
  const { status, body } = answer
  if (status === 200) return credentialsIn(body, init)
  // 503: it has none itself so far. Everything else somebody has to put right.
  const level = status === 503 ? 'debug' : 'warn'
  log[level]('the sidecar gives no credentials', { where, status })
  return undefined
}

function readToken(path: string | undefined, log: Logger): Secret | undefined {
  if (path === undefined) return undefined
  try {
    const file = readBounded(path, MAX_TOKEN_BYTES)
    const text = 'bytes' in file ? file.bytes.toString('latin1') : ''
    if (/^[\u0021-\u007e]+$/.test(text)) return new Secret(text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // No sidecar has made it so far.
    log.debug('the token file of the sidecar cannot be read', { path, code })
    return undefined
  }
  throw new RolesAnywhereError('ERR_RA_TOKEN_FILE_INVALID', `"${path}" holds no token`, {
    hint: 'name the file that serve --authorization-token-file names: one line, no line feed',
  })
}

interface Answer {
  readonly status: number
  readonly body: string
}

async function ask(
  url: URL,
  token: Secret | undefined,
  io: SidecarInit['io'],
): Promise<Answer | string> {
  const over = new AbortController()
  void io.clock
    .sleep(TIMEOUT_MS, { signal: over.signal, background: true })
    .then(() => over.abort())
  const headers = token ? { authorization: token.reveal() } : {}
  // Never through a proxy, and never further than where it was sent: the token is for this host alone.
  const options = { headers, agent: false, signal: AbortSignal.any([over.signal, io.signal]) }
  try {
    return await new Promise<Answer>((resolve, reject) => {
      get(url, options, (incoming) => {
        readBody(incoming).then(
          (body) => resolve({ status: incoming.statusCode ?? 0, body }),
          reject,
        )
      }).on('error', reject)
    })
  } catch (error) {
    io.signal.throwIfAborted()
    return (error as NodeJS.ErrnoException).code ?? 'unknown error'
  } finally {
    over.abort()
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) incoming.destroy()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function credentialsIn(
  body: string,
  { log, roleArn, io, url }: SidecarInit,
): SessionCredentials | undefined {
  const fields = members(body)
  const { AccessKeyId, SecretAccessKey, Token, Expiration, RoleArn } = fields
  const where = url.origin
  if (RoleArn !== roleArn) {
    log.warn('the sidecar is there for another role', { where, asked: roleArn, role: RoleArn })
    return undefined
  }
  const expiration = new Date(Expiration ?? '')
  const leftMs = expiration.getTime() - io.clock.now().getTime()
  if (!AccessKeyId || !SecretAccessKey || !Token || !(leftMs > HAND_OUT_MS)) {
    log.debug('the sidecar has no session that is good for long enough', { where })
    return undefined
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: new Secret(Token),
    expiration,
  }
}

/** The members of a document that are texts. */
function members(body: string): Readonly<Record<string, string | undefined>> {
  const texts: Record<string, string> = {}
  try {
    for (const [name, value] of Object.entries({ ...(JSON.parse(body) as object) })) {
      if (typeof value === 'string') texts[name] = value
    }
  } catch {
    // The parser's error quotes the body, which may hold credentials.
  }
  return texts
}
