import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { main } from '../../../src/cli/main.js'
import { COMMANDS } from '../../../src/commands.js'
import type { Emulator } from '../../../src/emulator/index.js'
import type { FaultKind } from '../../../src/emulator/http/faults.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../../support/aws.js'
import { CERTS, certPath } from '../../support/certs.js'
import { recordedIo } from '../../support/io.js'
import type { Finished } from '../../support/program.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { itSays, type TranscriptCase, type TranscriptOptions } from '../../support/transcript.js'

/** What a server says once it does its work; the two of `serve` come in either order. */
const READY = [
  /emulator listening/,
  /serving credentials[^]*session refreshed/,
  /session refreshed[^]*serving credentials/,
]

/** Runs the program in this process, and asks a server to end as soon as it is ready. */
async function untilReady(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  const io = recordedIo({ env: { HOME: '/nonexistent', ...env } })
  const told = {
    ...io,
    stderr(text: string) {
      io.stderr(text)
      if (READY.some((pattern) => pattern.test(io.written.stderr))) io.end()
    },
  }
  const status = await main(COMMANDS, args, told)
  const { stdout, stderr } = io.written
  return { status, stdout, stderr: args[0] === 'serve' ? sorted(stderr) : stderr }
}

/** Log lines by what they say; they begin with the time, and are not all of one task. */
const sorted = (log: string): string =>
  log.replace(/(?:^\d{4}-.*\n)+/gm, (lines) =>
    lines
      .split(/(?<=\n)/)
      .sort((a, b) => (a.slice(24) < b.slice(24) ? -1 : 1))
      .join(''),
  )

describe('what the program says', () => {
  const folder = temporaryFolder()
  let aws: Emulator
  let busy: Server

  before(async () => {
    aws = await startAws()
    busy = createServer().listen(0, '127.0.0.1')
    await once(busy, 'listening')
  })
  after(async () => {
    busy.close()
    await aws.close()
  })
  afterEach(() => aws.setFaults([]))

  const at = (name: string): string => join(folder.path, name)
  const busyPort = (): number => (busy.address() as { port: number }).port

  const options: TranscriptOptions = {
    run: untilReady,
    replace: () => [
      [folder.path, 'FOLDER'],
      [CERTS, 'CERTS/'],
      [new RegExp(`\\b${busyPort()}\\b`), 'BUSY'],
      [ARNS.trustAnchor, 'ANCHOR'],
      [ARNS.profile, 'PROFILE'],
      [ARNS.role, 'ROLE'],
      [/(127\.0\.0\.1|localhost|\[::1\]):[1-9]\d{3,4}(?!\d)(?<!:9911|:9912|:9443)/, '$1:PORT'],
      [/"(AccessKeyId|SecretAccessKey|SessionToken)":"[^"]+"/, '"$1":"…"'],
      [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/, 'INSTANT'],
      [/(accessKeyId)=\S+/, '$1=…'],
      [/serial(?: number)?[ =](?=[0-9A-F]*\d)[0-9A-Fa-f]{8,}/, 'serial number SERIAL'],
      [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b(?<![05])/, 'REQUEST-ID'],
    ],
  }

  describe('of itself', () => {
    itSays(
      'program',
      [
        { what: 'nothing asked', args: [] },
        { what: 'help', args: ['--help'] },
        { what: 'help, short', args: ['-h'] },
        { what: 'the version', args: ['--version'] },
        { what: 'an unknown command', args: ['launch'] },
        { what: 'a misspelt command', args: ['credential-proces'] },
        { what: 'one word of two', args: ['pki'] },
        { what: 'a misspelt second word', args: ['pki', 'isue'] },
        { what: 'what would confuse a terminal', args: ['\u001b[2J'] },
        { what: 'help for completion', args: ['completion', '--help'] },
        { what: 'completion for no shell', args: ['completion'] },
        { what: 'completion for another shell', args: ['completion', 'tcsh'] },
      ],
      options,
    )
  })

  describe('when it prints credentials', () => {
    const given = (certificate: string, key: string, ...more: string[]): string[] => [
      ...['credential-process', '--no-cache', '--certificate', certPath(certificate)],
      ...['--private-key', certPath(key)],
      ...targetFlags(aws.url),
      ...more,
    ]
    const good = (...more: string[]): string[] => given('ec-p256.pem', 'ec-p256.key.pem', ...more)
    const without = (flag: string): string[] => {
      const all = good()
      all.splice(all.indexOf(flag), 2)
      return all
    }
    /** One attempt, so that nothing waits. */
    const once = { AWS_MAX_ATTEMPTS: '1' }
    const faulty = (what: string, kind: FaultKind, status?: number): TranscriptCase => ({
      what,
      args: () => {
        const code = status === undefined ? {} : { status }
        aws.setFaults([{ operation: 'CreateSession', kind, ...code }])
        return good('--timeout', '5s')
      },
      env: once,
    })
    itSays(
      'credential-process',
      [
        { what: 'help', args: ['credential-process', '--help'] },
        { what: 'success', args: () => good() },
        { what: 'success, and the cache has no place', args: () => good().toSpliced(1, 1) },
        ...['certificate', 'trust-anchor-arn', 'profile-arn', 'role-arn'].map((flag) => ({
          what: `--${flag} is missing`,
          args: () => without(`--${flag}`),
        })),
        { what: 'an unknown flag', args: () => good('--colour') },
        { what: 'a misspelt flag', args: () => good('--regoin', 'x') },
        { what: 'a flag with one dash', args: () => good('-region', 'x') },
        { what: 'a flag without its value', args: () => good('--region') },
        { what: 'a switch with a value', args: () => good('--with-proxy=maybe') },
        { what: 'an argument', args: () => good('now') },
        { what: 'a passphrase for all to see', args: () => good('--pkcs8-password', 'x') },
        { what: 'a PIN for all to see', args: () => good('--pkcs11-pin', '1234') },
        { what: 'a key store', args: () => good('--cert-selector', 'x') },
        { what: 'a duration that is none', args: () => good('--session-duration', 'long') },
        { what: 'a duration that is too long', args: () => good('--session-duration', '13h') },
        { what: 'a session name that is none', args: () => good('--role-session-name', 'a b') },
        { what: 'a log level that is none', args: () => good('--log-level', 'loud') },
        { what: 'an ARN that is none', args: () => good('--role-arn', 'app') },
        {
          what: 'ARNs that do not fit',
          args: () => good('--profile-arn', ARNS.profile.replace('central', 'west')),
        },
        { what: 'an endpoint that is none', args: () => good('--endpoint', 'here') },
        {
          what: 'plain http to somewhere else',
          args: () => good('--endpoint', 'http://example.com'),
        },
        {
          what: 'a config profile that is not there',
          args: () => good('--config-profile', 'nobody'),
        },
        { what: 'a CA bundle that is not there', args: () => good('--ca-bundle', '/nonexistent') },
        {
          what: 'a variable with a wrong value',
          args: () => good(),
          env: { ROLESANYWHERE_TIMEOUT: 'soon' },
        },
        { what: 'a certificate that is not there', args: () => given('none.pem', 'none.key.pem') },
        { what: 'a folder for a certificate', args: () => good('--certificate', folder.path) },
        { what: 'a variable that is not set', args: () => good('--certificate', 'env:NONE') },
        { what: 'text for a certificate', args: () => given('text.pem', 'ec-p256.key.pem') },
        { what: 'the two swapped', args: () => given('ec-p256.key.pem', 'ec-p256.pem') },
        { what: 'a key for another one', args: () => given('ec-p256.pem', 'rsa-2048.key.pem') },
        { what: 'half a key', args: () => given('ec-p256.pem', 'truncated.key.pem') },
        {
          what: 'a passphrase that is missing',
          args: () => given('ec-p256.pem', 'ec-p256.pbes2-aes-256-cbc.key.pem'),
        },
        {
          what: 'a wrong passphrase',
          args: () => given('ec-p256.pem', 'ec-p256.pbes2-aes-256-cbc.key.pem'),
          env: { ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: 'wrong' },
        },
        {
          what: 'a curve nobody takes',
          args: () => given('ec-secp256k1.pem', 'ec-secp256k1.key.pem'),
        },
        { what: 'a short RSA key', args: () => given('rsa-1024.pem', 'rsa-1024.key.pem') },
        { what: 'an expired certificate', args: () => given('expired.pem', 'ec-p256.key.pem') },
        { what: 'one of the future', args: () => given('not-yet-valid.pem', 'ec-p256.key.pem') },
        { what: 'a CA', args: () => given('ca.pem', 'ec-p256.key.pem') },
        { what: 'no key usage', args: () => given('no-key-usage.pem', 'ec-p256.key.pem') },
        { what: 'SHA-1', args: () => given('sha1.pem', 'ec-p256.key.pem') },
        { what: 'no subject', args: () => given('empty-subject.pem', 'ec-p256.key.pem') },
        {
          what: 'a chain that is too long',
          args: () =>
            given(
              'chain-6.pem',
              'chain.key.pem',
              '--intermediates',
              certPath('intermediates-6.pem'),
            ),
        },
        {
          what: 'a token that is not well named',
          args: () => good('--private-key', 'pkcs11:token'),
        },
        {
          what: 'a PIN in the name of a token',
          args: () => good('--private-key', 'pkcs11:token=a?pin-value=1234'),
        },
        {
          what: 'a role that it may not have',
          args: () => good('--role-arn', `${ARNS.role}-of-others`),
        },
        {
          what: 'an anchor that is another',
          args: () => good('--trust-anchor-arn', ARNS.trustAnchor.replace(/5+$/, '000000000000')),
        },
        faulty('denied', 'denied'),
        faulty('throttled', 'throttle'),
        faulty('a failure of the service', 'error'),
        faulty('no service', 'unavailable'),
        faulty('an answer that is none', 'malformed'),
        faulty('a connection that breaks', 'reset'),
        {
          what: 'nobody there',
          args: () => good('--endpoint', 'http://127.0.0.1:1'),
          env: once,
        },
        {
          what: 'TLS where there is none',
          args: () => good('--endpoint', aws.url.replace('http:', 'https:')),
          env: once,
        },
      ],
      options,
    )
  })

  describe('when it serves', () => {
    const serve = (...more: string[]): string[] => [
      ...['serve', '--authorization-token-file', at('token'), '--log-format', 'text'],
      ...['--health-listen', '127.0.0.1:0', ...IDENTITY_FLAGS, ...targetFlags(aws.url)],
      ...more,
    ]
    const free = (...more: string[]): string[] => serve('--listen', '127.0.0.1:0', ...more)
    itSays(
      'serve',
      [
        { what: 'help', args: ['serve', '--help'] },
        { what: 'success', args: () => free() },
        { what: 'no token file', args: () => free().toSpliced(1, 2) },
        {
          what: 'no token file, and sessions too short for metadata clients',
          args: () => free('--session-duration', '15m').toSpliced(1, 2),
        },
        { what: 'an end for everybody', args: () => free('--quit').toSpliced(1, 2) },
        { what: 'two ways to say where', args: () => free('--port', '1') },
        { what: 'an address that is none', args: () => serve('--listen', 'here') },
        { what: 'a port that is taken', args: () => serve('--listen', `127.0.0.1:${busyPort()}`) },
        { what: 'a role that is none', args: () => free('--role', 'reports') },
        {
          what: 'a role twice',
          args: () => free('--role', `a=${ARNS.role}`, '--role', `a=${ARNS.role}`),
        },
        { what: 'a token for nobody', args: () => free('--role-token-file', 'a=b') },
        {
          what: 'sessions too short for IMDS',
          args: () => free('--imds', '--session-duration', '15m'),
        },
        {
          what: 'a mode that is none',
          args: () => free('--authorization-token-file-mode', '0777'),
        },
        { what: 'an interval that is none', args: () => free('--refresh-interval', 'often') },
        { what: 'an interval that is too short', args: () => free('--refresh-interval', '1s') },
        {
          what: 'a token file that cannot be',
          args: () => free('--authorization-token-file', '/nonexistent/token'),
        },
        { what: 'a missing setting', args: () => free().slice(0, -8) },
      ],
      options,
    )
  })

  describe('when it runs a command', () => {
    const exec = (...more: string[]): string[] => [
      ...['exec', '--log-format', 'text', ...IDENTITY_FLAGS, ...targetFlags(aws.url)],
      ...more,
    ]
    itSays(
      'exec',
      [
        { what: 'help', args: ['exec', '--help'] },
        { what: 'success', args: () => exec('--', 'true') },
        { what: 'a status of its own', args: () => exec('--', 'sh', '-c', 'exit 7') },
        { what: 'ended by a signal', args: () => exec('--', 'sh', '-c', 'kill -TERM $$') },
        { what: 'no command', args: () => exec() },
        { what: 'a command that is not there', args: () => exec('--', 'no-such-command') },
        { what: 'a command that cannot be run', args: () => exec('--', certPath('ca.pem')) },
        { what: 'an unknown flag', args: () => exec('--token', '--', 'true') },
        { what: 'a missing setting', args: () => exec('--role-arn', '', '--', 'true') },
        {
          what: 'a role that it may not have',
          args: () => exec('--role-arn', `${ARNS.role}-of-others`, '--', 'true'),
        },
        {
          what: 'nobody there',
          args: () =>
            exec('--endpoint', 'http://127.0.0.1:1', '--start-timeout', '0', '--', 'true'),
          env: { AWS_MAX_ATTEMPTS: '1' },
        },
      ],
      {
        ...options,
        run: async (args, env) => untilReady(args, { PATH: '/usr/bin:/bin', ...env }),
      },
    )
  })

  describe('when it is a CA', () => {
    const pki = (command: string, ...more: string[]): string[] => [
      ...['pki', command, ...more, '--directory', at('pki')],
    ]
    /** As a person does it, one after the other; only the last one is told of. */
    const after =
      (first: readonly (readonly string[])[], ...last: readonly [string, ...string[]]) =>
      (): string[] => {
        earlier = first.map(([name = '', ...rest]) => pki(name, ...rest))
        return pki(...last)
      }
    let earlier: string[][] = []
    const init = ['init']
    const issue = ['issue', 'app']
    itSays(
      'pki',
      [
        ...['init', 'intermediate', 'issue', 'revoke', 'crl'].map((name) => ({
          what: `help for ${name}`,
          args: ['pki', name, '--help'],
        })),
        { what: 'a CA', args: after([], 'init') },
        { what: 'a CA that is there', args: after([init], 'init') },
        { what: 'a type of key that there is not', args: after([], 'init', '--key-type', 'dsa') },
        { what: 'no time at all', args: after([], 'init', '--days', '0') },
        {
          what: 'days and hours',
          args: after([init], 'issue', 'a', '--days', '1', '--hours', '1'),
        },
        {
          what: 'a folder for nobody',
          args: () => ['pki', 'init', '--directory', '/dev/null/pki'],
        },
        { what: 'an intermediate', args: after([init], 'intermediate', 'lower') },
        { what: 'an intermediate without a CA', args: after([], 'intermediate', 'lower') },
        { what: 'an intermediate without a name', args: after([init], 'intermediate') },
        { what: 'a certificate', args: after([init], 'issue', 'app', '--dns', 'app.example') },
        { what: 'a certificate that is there', args: after([init, issue], 'issue', 'app') },
        { what: 'a certificate without a CA', args: after([], 'issue', 'app') },
        { what: 'a name for no file', args: after([init], 'issue', '../app') },
        {
          what: 'an issuer that is not there',
          args: after([init], 'issue', 'app', '--issuer', 'x'),
        },
        { what: 'a subject that is none', args: after([init], 'issue', 'app', '--subject', 'app') },
        { what: 'a DNS name that is none', args: after([init], 'issue', 'app', '--dns', 'a b') },
        { what: 'an address that is none', args: after([init], 'issue', 'app', '--ip', '1.2.3') },
        { what: 'PKCS#12 without a passphrase', args: after([init], 'issue', 'app', '--pkcs12') },
        { what: 'a revocation', args: after([init, issue], 'revoke', 'app') },
        { what: 'a revocation of nobody', args: after([init], 'revoke', 'app') },
        { what: 'a revocation list', args: after([init], 'crl') },
        { what: 'a revocation list without a CA', args: after([], 'crl') },
        {
          what: 'an index that is damaged',
          args: () => {
            const last = after([init], 'issue', 'app')()
            damaged = at('pki/index.json')
            return last
          },
        },
      ],
      {
        ...options,
        async run(args, env) {
          for (const words of earlier.splice(0)) await untilReady(words, env)
          if (damaged !== undefined) writeFileSync(damaged, '{')
          damaged = undefined
          return untilReady(args, env)
        },
      },
    )
    let damaged: string | undefined
  })

  describe('when it is AWS', () => {
    const state = (text: string): string[] => {
      writeFileSync(at('state.json'), text)
      return ['emulator', '--state', at('state.json'), '--listen', '127.0.0.1:0']
    }
    const empty = (...more: string[]): string[] => [...state('{}'), ...more]
    itSays(
      'emulator',
      [
        { what: 'help', args: ['emulator', '--help'] },
        { what: 'success', args: () => empty() },
        { what: 'no state', args: ['emulator'] },
        { what: 'a state that is not there', args: ['emulator', '--state', '/nonexistent'] },
        { what: 'a state that is no JSON', args: () => state('{') },
        { what: 'a state that it does not know', args: () => state('{"roles":[{"arn":"app"}]}') },
        { what: 'a state with a spelling mistake', args: () => state('{"rols":[]}') },
        { what: 'an address that is none', args: () => empty('--listen', 'here') },
        { what: 'a port that is taken', args: () => empty('--listen', `127.0.0.1:${busyPort()}`) },
        { what: 'an instant that is none', args: () => empty('--at', 'noon') },
        { what: 'a certificate without its key', args: () => empty('--tls-certificate', 'a') },
        {
          what: 'a certificate that is not there',
          args: () => empty('--tls-certificate', '/none', '--tls-private-key', '/none'),
        },
        {
          what: 'a port file that cannot be',
          args: () => {
            mkdirSync(at('folder'))
            return empty('--port-file', at('folder'))
          },
        },
      ],
      options,
    )
  })
})
