import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main } from '../../src/cli/main.js'
import { COMMANDS } from '../../src/commands.js'
import { recordedIo } from './io.js'
import type { Finished } from './program.js'

/** One run of the program, told by what it shows. */
export interface TranscriptCase {
  /** A sentence; no two of a file are the same. */
  readonly what: string
  /** The command line after the program's name; a function when it is only known in the test. */
  readonly args: readonly string[] | (() => readonly string[])
  readonly env?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
}

/** Optional tail of {@link itSays}. */
export interface TranscriptOptions {
  /** What differs from run to run, such as paths and ports, and what stands in its place. */
  readonly replace?: () => readonly (readonly [found: string | RegExp, placeholder: string])[]
  /** Default: the program in this process. `rolesanywhere` of `program.ts` runs the built one. */
  readonly run?: (
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) => Promise<Finished>
}

/**
 * Makes a test of every case: command line, standard output, standard error and exit status are those
 * of `test/fixtures/transcripts/NAME.txt`, byte for byte. With `UPDATE_SNAPSHOT=1` the file is written
 * instead.
 */
export function itSays(
  name: string,
  cases: readonly TranscriptCase[],
  { replace = () => [], run = inThisProcess }: TranscriptOptions = {},
): void {
  const path = fileURLToPath(new URL(`../fixtures/transcripts/${name}.txt`, import.meta.url))
  const updating = process.env['UPDATE_SNAPSHOT'] !== undefined
  const seen = new Map<string, string>()

  for (const { what, args, env = {} } of cases) {
    it(what, async () => {
      const words = typeof args === 'function' ? args() : args
      const result = await run(words, typeof env === 'function' ? env() : env)
      const told = replace().reduce(
        (text, [found, placeholder]) => text.replaceAll(global(found), placeholder),
        tell(words, result),
      )
      seen.set(what, told)
      if (!updating) expect(told).to.equal(recorded(path).get(what))
    })
  }

  it(`and ${name}.txt holds nothing else`, () => {
    const whats = cases.map(({ what }) => what)
    if (updating && seen.size === cases.length) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, whats.map((what) => `## ${what}\n\n${seen.get(what)}`).join('\n'))
    }
    expect([...recorded(path).keys()]).to.deep.equal(whats)
  })
}

const global = (found: string | RegExp): string | RegExp =>
  typeof found === 'string' || found.global ? found : new RegExp(found.source, `${found.flags}g`)

async function inThisProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  const io = recordedIo({ env: { HOME: '/nonexistent', ...env } })
  const status = await main(COMMANDS, args, io)
  return { status, ...io.written }
}

/** `1>` is standard output, `2>` standard error, `$?` the exit status. */
function tell(args: readonly string[], { status, stdout, stderr }: Finished): string {
  const command = ['$ rolesanywhere', ...args.map(quoted)].join(' ')
  return [command, ...lines('1>', stdout), ...lines('2>', stderr), `$? ${status}`, ''].join('\n')
}

const quoted = (word: string): string =>
  /^[\w.,:/=@+%-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`

function lines(prefix: string, text: string): string[] {
  if (text === '') return []
  const all = text.split('\n')
  const last = all.pop()
  const whole = all.map((line) => `${prefix} ${line}`.trimEnd())
  return last === '' ? whole : [...whole, `${prefix} ${last} (no line feed)`]
}

function recorded(path: string): Map<string, string> {
  if (!existsSync(path)) return new Map()
  const sections = readFileSync(path, 'utf8').split(/^## /m).slice(1)
  return new Map(
    sections.map((section) => {
      const [what = ''] = section.split('\n', 1)
      return [what, `${section.slice(what.length).trim()}\n`]
    }),
  )
}
