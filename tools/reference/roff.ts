import type { Flag } from '../../src/cli/command.js'
import type { Setting } from '../../src/config/settings.js'
import { VERSION } from '../../src/version.js'
import { FILES } from './environment.js'
import { blocksOf, meaningOf, type Reference, type ReferenceCommand, written } from './reference.js'

/** Day of the edition; the page has no other date, so that making it again changes nothing. */
const EDITION = '2026-11-22'

/** The manual page, man/rolesanywhere.1, in the macros of man(7). */
export function manualPage(reference: Reference): string {
  const { commands } = reference
  return [
    String.raw`.\" Made by npm run docs from the tables that --help is made from.`,
    `.TH ROLESANYWHERE 1 "${EDITION}" "rolesanywhere ${VERSION}" "User Commands"`,
    '.SH NAME',
    text('rolesanywhere - AWS credentials from an X.509 certificate, with IAM Roles Anywhere'),
    '.SH SYNOPSIS',
    `.B rolesanywhere\n.I COMMAND\n${text('[flags]')}`,
    '.SH DESCRIPTION',
    text(
      'Signs CreateSession requests of IAM Roles Anywhere with the private key of a certificate, and hands the session credentials to AWS SDKs in the ways in which they already look for credentials.',
    ),
    ...commands.map(({ name, command }) => item(name, command.summary)),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    '.SH IDENTITY AND SERVICE',
    text(
      'First found, first used: flag, environment variable, key in the profile of the AWS config file, default.',
    ),
    ...reference.workloadSettings.map(settingItem),
    '.SH FLAGS OF EVERY COMMAND',
    ...reference.programFlags.map(flagItem),
    '.SH ENVIRONMENT',
    ...reference.variables.map(([name, meaning]) => item(name, plain(meaning))),
    '.SH FILES',
    ...FILES.map(([path, what]) => item(path, what)),
    '.SH EXIT STATUS',
    ...reference.exitStatuses.map(([status, meaning]) => item(status, plain(meaning))),
    '.SH DIAGNOSTICS',
    text(
      'Every failure is one line "error: ... (CODE)" on standard error, and where there is advice, one line "hint: ...". No line ever holds a secret.',
    ),
    '.SH EXAMPLES',
    'One document for credential_process:',
    code([
      'rolesanywhere credential-process --certificate tls.crt --private-key tls.key \\',
      '  --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN',
    ]),
    '.SH SEE ALSO',
    `.BR aws (1),\n.BR openssl (1),\n.BR p11tool (1)`,
  ]
    .join('\n')
    .concat('\n')
}

function commandSection({ name, command, flags, takesWorkload }: ReferenceCommand): string[] {
  const also = takesWorkload
    ? 'Further flags: those under IDENTITY AND SERVICE and FLAGS OF EVERY COMMAND.'
    : 'Further flags: those under FLAGS OF EVERY COMMAND.'
  return [
    `.SS ${quoted(name)}`,
    text(`${command.summary}.`),
    code([`rolesanywhere ${command.usage}`]),
    ...blocksOf(command.description ?? '').map(({ kind, lines }) =>
      kind === 'code' ? code(lines) : `.PP\n${text(lines.join(' '))}`,
    ),
    `.PP\nExample:`,
    code([`rolesanywhere ${command.example}`]),
    ...flags.map(flagItem),
    `.PP\n${text(also)}`,
  ]
}

const flagItem = (flag: Flag): string => item(written(flag), meaningOf(flag))

function settingItem({ flag, value, env, profileKey, fallback, help }: Setting<unknown>): string {
  const places = [
    ...(env === undefined ? [] : [`environment: ${env}`]),
    ...(profileKey === undefined ? [] : [`config key: ${profileKey}`]),
    ...(fallback === undefined || fallback === false ? [] : [`default: ${String(fallback)}`]),
  ]
  const tail = places.length === 0 ? '' : ` (${places.join('; ')})`
  return item(`--${flag}${value === undefined ? '' : ` ${value}`}`, help + tail)
}

const item = (tag: string, meaning: string): string => `.TP\n.B ${escaped(tag)}\n${text(meaning)}`

/** Lines as they are. */
const code = (lines: readonly string[]): string =>
  ['.PP', '.RS 4', '.nf', ...lines.map((line) => asText(escaped(line))), '.fi', '.RE'].join('\n')

const plain = (markdown: string): string => markdown.replaceAll('`', '')

const quoted = (name: string): string => `"${escaped(name)}"`

/** Running text, in lines that are not too long for those who read the source. */
function text(prose: string): string {
  const lines: string[] = []
  for (const word of escaped(prose).split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= 78) {
      lines[lines.length - 1] = `${last} ${word}`
    } else lines.push(word)
  }
  return lines.map(asText).join('\n')
}

/** A dot or an apostrophe at the beginning of a line is not a request. */
const asText = (line: string): string => line.replace(/^(?=[.'])/, String.raw`\&`)

/** Backslashes and hyphens are themselves, and every other character is ASCII. */
const escaped = (line: string): string =>
  line
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/[^\x20-\x7e]/gu, (character) => {
      const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      return String.raw`\[u${hex}]`
    })
