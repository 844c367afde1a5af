import { homedir } from 'node:os'
import { cacheBase, existingCacheFolder, SESSION_FOLDER } from '../cache/cache-folder.js'
import { type Freshness, freshness } from '../cache/freshness.js'
import type { SessionEntry } from '../cache/session-entry.js'
import { clearSessions, listSessions } from '../cache/session-files.js'
import { parseTokenEntry, type TokenEntry } from '../ecr/token-entry.js'
import { tokenState } from '../ecr/token-life.js'
import { clearEntries, listEntries, TOKEN_FOLDER } from '../ecr/token-store.js'
import { RolesAnywhereError } from '../errors.js'
import type { Command, Flag, Io } from './command.js'

const JSON_FLAG: Flag = { name: 'json', help: 'print JSON instead of a table' }

/** Prints what the cache holds: for whom and for how long, never a secret. */
export const cacheListCommand: Command = {
  usage: 'cache list [flags]',
  summary: 'List the sessions and registry passwords that processes share',
  flags: [JSON_FLAG],
  example: 'cache list',
  async run({ flags }, io) {
    const now = io.clock.now()
    const sessions = (foundIn(io, SESSION_FOLDER, listSessions) ?? []).toSorted(
      (a, b) => expiry(a) - expiry(b),
    )
    const tokens = (foundIn(io, TOKEN_FOLDER, listTokens) ?? []).toSorted(
      (a, b) => a.token.expiresAt.getTime() - b.token.expiresAt.getTime(),
    )
    if (flags.has(JSON_FLAG.name)) {
      const rows = [
        ...sessions.map((entry) => described(entry, now)),
        ...tokens.map((entry) => describedToken(entry, now)),
      ]
      io.stdout(`${JSON.stringify(rows, undefined, 2)}\n`)
    } else {
      io.stdout(sessionTable(sessions, now))
      if (tokens.length > 0) io.stdout(`\n${tokenTable(tokens, now)}`)
    }
    return Promise.resolve(0)
  },
}

/** Empties the cache. What was in it lives on: AWS has no way to end a session or a password. */
export const cacheClearCommand: Command = {
  usage: 'cache clear',
  summary: 'Remove the sessions and registry passwords that processes share',
  description: `The next call of credential-process, or of a command for ECR, obtains new ones. Sessions and
passwords that were handed out stay valid until they end: AWS has no way to end one early.`,
  flags: [],
  example: 'cache clear',
  async run(_, io) {
    const sessions = foundIn(io, SESSION_FOLDER, clearSessions) ?? 0
    const tokens = foundIn(io, TOKEN_FOLDER, clearEntries) ?? 0
    const passwords = tokens > 0 ? ` and ${counted(tokens, 'registry password')}` : ''
    io.stdout(`removed ${counted(sessions, 'session')}${passwords}\n`)
    return Promise.resolve(0)
  },
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** @returns `undefined` when there is no such folder in the cache so far. */
function foundIn<T>(io: Io, name: string, look: (folder: string) => T): T | undefined {
  const folder = existingCacheFolder(cacheBase(io.env, homedir), name)
  if (folder === undefined) return undefined
  if ('problem' in folder) {
    throw new RolesAnywhereError(
      'ERR_RA_FILE_UNREADABLE',
      `the cache is not used: ${folder.problem}`,
      {
        hint: 'make it a folder that only you can read (mode 700), or set ROLESANYWHERE_CACHE_DIR',
      },
    )
  }
  try {
    return look(folder.path)
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `cache "${folder.path}" (${code})`, {
      cause,
      hint: 'check the file system that it is on',
    })
  }
}

const listTokens = (folder: string): TokenEntry[] =>
  listEntries(folder).flatMap((text) => parseTokenEntry(text.reveal()) ?? [])

const expiry = ({ credentials }: SessionEntry): number => credentials.expiration.getTime()

const STATE: Readonly<Record<Freshness, string>> = {
  fresh: 'fresh',
  due: 'due for renewal',
  held: 'renewal failed',
  late: 'to be renewed first',
  spent: 'ended',
}

const TOKEN_STATE: Readonly<Record<ReturnType<typeof tokenState>, string>> = {
  fresh: 'fresh',
  usable: 'due for renewal',
  over: 'ended',
}

const stateOf = ({ token }: TokenEntry, now: Date): string =>
  TOKEN_STATE[tokenState(token, now.getTime() - token.obtainedAt.getTime())]

function described(entry: SessionEntry, now: Date): Readonly<Record<string, unknown>> {
  const { certificates, privateKey, verifyTls, ...who } = entry.identity
  return {
    kind: 'session',
    ...who,
    certificateIssuer: entry.issuer,
    certificateSerial: entry.serial,
    accessKeyId: entry.credentials.accessKeyId,
    issuedAt: entry.issuedAt,
    refreshAt: entry.refreshAt,
    expiration: entry.credentials.expiration,
    state: STATE[freshness(entry, now)],
  }
}

function describedToken(entry: TokenEntry, now: Date): Readonly<Record<string, unknown>> {
  return {
    kind: 'registry-password',
    ...entry.owner,
    issuedAt: entry.token.obtainedAt,
    expiration: entry.token.expiresAt,
    state: stateOf(entry, now),
  }
}

function sessionTable(entries: readonly SessionEntry[], now: Date): string {
  if (entries.length === 0) return 'no sessions\n'
  const rows = entries.map((entry) => [
    entry.identity.roleArn,
    entry.identity.region,
    seconds(entry.credentials.expiration),
    STATE[freshness(entry, now)],
    `${entry.serial} of ${entry.issuer}`,
  ])
  return table([['ROLE', 'REGION', 'EXPIRES', 'STATE', 'CERTIFICATE'], ...rows])
}

function tokenTable(entries: readonly TokenEntry[], now: Date): string {
  const rows = entries.map((entry) => [
    entry.owner?.roleArn ?? 'unknown',
    entry.owner?.registries === 'public' ? 'public gallery' : (entry.owner?.region ?? 'unknown'),
    seconds(entry.token.expiresAt),
    stateOf(entry, now),
  ])
  return table([['REGISTRY PASSWORD OF', 'REGION', 'EXPIRES', 'STATE'], ...rows])
}

const seconds = (instant: Date): string => instant.toISOString().replace(/\.\d{3}Z$/, 'Z')

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? []
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  return rows.map((row) => `${line(row)}\n`).join('')
}
