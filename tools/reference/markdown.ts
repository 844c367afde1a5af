import type { Setting } from '../../src/config/settings.js'
import { FILES } from './environment.js'
import {
  type Block,
  blocksOf,
  meaningOf,
  type Reference,
  type ReferenceCommand,
  written,
} from './reference.js'

/** The reference page, docs/reference.md. */
export function referencePage(reference: Reference): string {
  const { commands } = reference
  return [
    '# Reference',
    'Every command, flag, setting, environment variable, exit status and error code of `rolesanywhere`. Made by `npm run docs` from the tables that `--help` is made from.',
    [
      '- Commands:',
      ...commands.map(({ name, command }) => `  - [${name}](#${anchor(name)}): ${command.summary}`),
      ...[
        'Identity and service',
        'Everywhere',
        'Environment',
        'Files',
        'Exit statuses',
        'Error codes',
      ].map((title) => `- [${title}](#${anchor(title)})`),
    ].join('\n'),
    '## Commands',
    ...commands.flatMap(commandSection),
    '## Identity and service',
    'Settings that say who the workload is and how to reach the service: first the flag, then the environment variable, then the key in the profile of the AWS config file, then the default.',
    settingsTable(reference.workloadSettings),
    '## Everywhere',
    'Flags of every command.',
    settingsTable(reference.programSettings),
    '`--help` prints the help text of a command, `--version` the version.',
    '## Environment',
    table(
      ['Variable', 'Meaning'],
      reference.variables.map(([name, text]) => [code(name), text]),
    ),
    '## Files',
    table(
      ['File', 'What it is for'],
      FILES.map(([path, what]) => [code(path), what]),
    ),
    '## Exit statuses',
    'Every failure is one line `error: … (CODE)` on standard error, and where there is advice, one line `hint: …`.',
    table(['Status', 'Meaning'], reference.exitStatuses),
    '## Error codes',
    'Programs may rely on them: a code is never renamed within a major version, and its kind decides the exit status.',
    table(
      ['Kind', 'Codes'],
      reference.errorCodes.map(([kind, codes]) => [code(kind), codes.map(code).join(' ') || '-']),
    ),
  ]
    .join('\n\n')
    .concat('\n')
}

function commandSection({ name, command, flags, takesWorkload }: ReferenceCommand): string[] {
  const also = [
    ...(takesWorkload ? ['[identity and service](#identity-and-service)'] : []),
    '[every command](#everywhere)',
  ]
  return [
    `### ${name}`,
    `${command.summary}.`,
    fence([`rolesanywhere ${command.usage}`], 'text'),
    ...blocksOf(command.description ?? '').map(paragraph),
    'Example:',
    fence([`rolesanywhere ${command.example}`], 'sh'),
    ...(flags.length === 0
      ? []
      : [
          table(
            ['Flag', 'Meaning'],
            flags.map((flag) => [code(written(flag)), meaningOf(flag)]),
          ),
        ]),
    `${flags.length === 0 ? 'Flags' : 'Further flags'}: those of ${also.join(' and of ')}.`,
  ]
}

const paragraph = ({ kind, lines }: Block): string =>
  kind === 'code' ? fence(lines, 'text') : lines.map(escaped).join('\n')

const fence = (lines: readonly string[], language: string): string =>
  ['```' + language, ...lines, '```'].join('\n')

function settingsTable(settings: readonly Setting<unknown>[]): string {
  return table(
    ['Flag', 'Environment', 'Config key', 'Default', 'Meaning'],
    settings.map(({ flag, value, env, profileKey, fallback, help }) => [
      code(`--${flag}${value === undefined ? '' : ` ${value}`}`),
      env === undefined ? '' : code(env),
      profileKey === undefined ? '' : code(profileKey),
      fallback === undefined ? '' : code(String(fallback)),
      help,
    ]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** Code spans keep everything but the bar that ends a cell. */
const cell = (text: string): string =>
  text
    .split(/(`[^`]*`|\[[^\]]*\]\([^)]*\))/)
    .map((part, index) => (index % 2 === 1 ? part : escaped(part)))
    .join('')
    .replaceAll('|', String.raw`\|`)

const escaped = (text: string): string => text.replace(/[<*]/g, String.raw`\$&`)

const code = (text: string): string => `\`${text}\``

const anchor = (title: string): string => title.toLowerCase().replaceAll(' ', '-')
