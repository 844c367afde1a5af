import { RolesAnywhereError } from '../errors.js'
import { type AltName, altName } from '../pki/alt-names.js'
import { issueEndEntity } from '../pki/development-ca.js'
import { endEntityPaths } from '../pki/folder.js'
import { readTextFile } from '../pki/read-file.js'
import { commonNameSubject, parseSubject } from '../pki/subject.js'
import { Secret } from '../secret.js'
import type { Command, Invocation } from './command.js'
import {
  argument,
  caContext,
  DIRECTORY_FLAG,
  ISSUER_FLAG,
  keyTypeFlag,
  NEW_CERTIFICATE_FLAGS,
  printPaths,
  validityFlag,
} from './pki-flags.js'

const DEFAULT_DAYS = 30
const ALT_NAMES = ['dns', 'uri', 'ip', 'email'] as const

/** `pki issue`: makes a key and an end-entity certificate. */
export const pkiIssueCommand: Command = {
  usage: 'pki issue NAME [flags]',
  summary: 'Issue a workload certificate',
  description:
    'Makes a private key and a certificate for one workload. Its chain file holds the certificate and ' +
    'the intermediates, which is what --certificate of the other commands takes. A certificate never ' +
    'outlives its issuer.',
  flags: [
    DIRECTORY_FLAG,
    ISSUER_FLAG,
    { name: 'subject', value: 'DN', help: 'distinguished name, default CN=NAME' },
    { name: 'dns', value: 'NAME', repeatable: true, help: 'DNS name of the workload' },
    {
      name: 'uri',
      value: 'URI',
      repeatable: true,
      help: 'URI of the workload, for example a SPIFFE ID',
    },
    { name: 'ip', value: 'ADDRESS', repeatable: true, help: 'IP address of the workload' },
    { name: 'email', value: 'ADDRESS', repeatable: true, help: 'email address of the workload' },
    { name: 'days', value: 'DAYS', help: `validity, default ${DEFAULT_DAYS}` },
    { name: 'hours', value: 'HOURS', help: 'validity in hours, instead of --days' },
    { name: 'server-auth', help: 'also fit for a TLS server' },
    { name: 'pkcs12', help: 'also write a PKCS#12 file, encrypted with AES-256' },
    {
      name: 'passphrase-file',
      value: 'FILE',
      help: 'file with the passphrase of the PKCS#12 file',
    },
    { name: 'print', help: 'print the certificate and its chain instead of the paths' },
    ...NEW_CERTIFICATE_FLAGS,
  ],
  example: 'pki issue app --subject "CN=app,OU=payments,O=Example" --days 7',
  arguments: { min: 1, max: 1 },
  run: async (invocation, io) => {
    const { flags } = invocation
    const name = argument(invocation, 'NAME')
    const context = caContext(invocation, io)
    const subject = flags.get('subject')
    const issuer = flags.get('issuer')
    const pkcs12Passphrase = await passphraseFlag(invocation)
    const { paths, certificate, chain, shortened } = await issueEndEntity(context, {
      name,
      subject: subject ? parseSubject(subject) : commonNameSubject(name),
      altNames: altNameFlags(invocation),
      validityMs: validityFlag(invocation, DEFAULT_DAYS),
      serverAuth: flags.has('server-auth'),
      force: flags.has('force'),
      ...(issuer ? { issuer } : {}),
      ...(pkcs12Passphrase ? { pkcs12Passphrase } : {}),
      ...keyTypeFlag(invocation),
    })
    const print = flags.has('print')
    if (print) io.stdout([certificate, ...chain].map((link) => link.toString()).join(''))
    printPaths(paths, (text) => (print ? io.stderr(text) : io.stdout(text)))
    if (shortened) io.stderr(`note: valid until ${certificate.validTo}, when its issuer ends\n`)
    const files = endEntityPaths(context.directory, name)
    io.stderr(`note: use it with --certificate ${files.chain} --private-key ${files.privateKey}\n`)
    return undefined
  },
}

function altNameFlags({ flags }: Invocation): readonly AltName[] {
  return ALT_NAMES.flatMap((type) =>
    flags.all(type).map((value) => {
      try {
        return altName(type, value)
      } catch (cause) {
        const hint = cause instanceof RolesAnywhereError ? cause.hint : undefined
        throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${type} is not a valid name`, {
          cause,
          ...(hint === undefined ? {} : { hint }),
        })
      }
    }),
  )
}

async function passphraseFlag({ flags }: Invocation): Promise<Secret | undefined> {
  const path = flags.get('passphrase-file')
  if (flags.has('pkcs12') !== Boolean(path)) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_CONFLICT',
      'flags --pkcs12 and --passphrase-file need each other',
      { hint: 'give both, or neither' },
    )
  }
  if (!path) return undefined
  const text = await readTextFile(path)
  const passphrase = text?.replace(/\r?\n$/, '')
  if (passphrase) return new Secret(passphrase)
  const problem = text === undefined ? 'does not exist' : 'is empty'
  throw new RolesAnywhereError(
    'ERR_RA_FILE_UNREADABLE',
    `passphrase file "${path}" (flag --passphrase-file) ${problem}`,
    { hint: 'write the passphrase into it, on one line' },
  )
}
