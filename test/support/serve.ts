import { readFile } from 'node:fs/promises'
import { PROGRAM, type Running, start } from './program.js'

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

/** An answer of one of the listeners. */
export interface Reply {
  readonly status: number
  readonly body: string
}

/** A `serve` process that listens. */
export interface Serving extends Running {
  /** Of the default role; a named role follows after a slash. */
  readonly uri: string
  /** Without a path. */
  readonly health: string
  /** The log so far; throws when a line is not JSON. */
  lines(): readonly LogLine[]
  /** Asks for credentials with the token of the token file. */
  credentials(role?: string): Promise<Reply>
  /** Asks the health listener. */
  ask(path: string): Promise<Reply>
}

/** Asks with exactly these headers. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<Reply> {
  // Not kept alive: a connection left open would be drained at the end of the server.
  const response = await fetch(url, { headers: { connection: 'close', ...headers } })
  return { status: response.status, body: await response.text() }
}

/** The lines of a log in JSON. */
export function logLines(log: string): readonly LogLine[] {
  return log
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogLine)
}

/** Starts `serve`, on free ports of loopback unless told otherwise; resolves when it listens. */
export async function startServe(
  tokenFile: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const free = ['--listen', '--health-listen'].flatMap((flag) =>
    args.includes(flag) ? [] : [flag, '127.0.0.1:0'],
  )
  const token = ['--authorization-token-file', tokenFile]
  const server = start([PROGRAM, 'serve', ...free, ...token, '--log-format', 'json', ...args], env)
  const line = await server.logged(/serving credentials/)
  const { uri, health } = JSON.parse(line) as { uri: string; health: string }
  return {
    ...server,
    uri,
    health,
    lines: () => logLines(server.log()),
    credentials: async (role) =>
      get(role === undefined ? uri : `${uri}/${role}`, {
        authorization: await readFile(tokenFile, 'utf8'),
      }),
    ask: async (path) => get(health + path),
  }
}
