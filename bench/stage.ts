import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { ARNS, lookAlikeState } from '../examples/demo/look-alike.js'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The built command. */
export const PROGRAM = join(ROOT, 'dist/bin/rolesanywhere.cjs')

/** What the measurements share: an emulator on loopback TLS, and identities that it accepts. */
export interface Stage {
  readonly folder: string
  /** Flags that make a command use one of the identities. */
  readonly identity: (name: KeyName) => readonly string[]
  /** Starts a program that is ended with the stage, and waits for a line of its log. */
  readonly start: (args: readonly string[], ready: RegExp) => Promise<Started>
}

/** A program that runs. */
export interface Started {
  readonly process: ChildProcess
  /** The line that it was waited for. */
  readonly line: string
}

/** Key types that are measured. */
export const KEY_NAMES = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-4096'] as const

/** Name of an identity. */
export type KeyName = (typeof KEY_NAMES)[number]

/** Sets the stage, runs, and leaves nothing behind. */
export async function withStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-bench-'))
  const children: ChildProcess[] = []
  const pki = (...args: string[]): unknown =>
    execFileSync(process.execPath, [PROGRAM, 'pki', ...args, '--directory', folder], {
      stdio: 'pipe',
    })

  async function start(args: readonly string[], ready: RegExp): Promise<Started> {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    children.push(child)
    let log = ''
    const found = (): string | undefined => log.split('\n').find((line) => ready.test(line))
    // The pipe is emptied until the end: a full one would stop the program that is measured.
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (found() === undefined) log += text
    })
    while (found() === undefined) {
      if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended early:\n${log}`)
      await Promise.race([once(child.stderr, 'data'), once(child, 'close')])
    }
    return { process: child, line: found() ?? '' }
  }

  try {
    pki('init')
    pki('issue', 'emulator', '--server-auth', '--ip', '127.0.0.1')
    for (const name of KEY_NAMES) {
      pki('issue', name, '--key-type', name, '--subject', `CN=${name},OU=payments`)
    }
    const state = join(folder, 'state.json')
    await writeFile(state, JSON.stringify(lookAlikeState(join(folder, 'ca.pem'))))
    const issued = (name: string, suffix: string): string =>
      join(folder, 'issued', `${name}.${suffix}`)
    const portFile = join(folder, 'port')
    await start(
      [
        PROGRAM,
        'emulator',
        '--listen',
        '127.0.0.1:0',
        '--state',
        state,
        '--port-file',
        portFile,
        '--tls-certificate',
        issued('emulator', 'chain.pem'),
        '--tls-private-key',
        issued('emulator', 'key'),
      ],
      /https:\/\//,
    )
    const endpoint = `https://127.0.0.1:${(await readFile(portFile, 'utf8')).trim()}`
    await run({
      folder,
      start,
      identity: (name) => [
        '--certificate',
        issued(name, 'chain.pem'),
        '--private-key',
        issued(name, 'key'),
        '--trust-anchor-arn',
        ARNS.trustAnchor,
        '--profile-arn',
        ARNS.profile,
        '--role-arn',
        ARNS.role,
        '--endpoint',
        endpoint,
        '--ca-bundle',
        join(folder, 'ca.pem'),
      ],
    })
  } finally {
    for (const child of children) {
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'close')
    }
    await rm(folder, { recursive: true, force: true })
  }
}
