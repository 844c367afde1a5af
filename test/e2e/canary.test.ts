import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { altName } from '../../src/pki/alt-names.js'
import { ARNS, startAws, targetFlags } from '../support/aws.js'
import {
  BUCKET_LISTER,
  endPrograms,
  type Finished,
  PROGRAM,
  rolesanywhere,
  start,
} from '../support/program.js'
import { eventually } from '../support/eventually.js'
import { get, startServe } from '../support/serve.js'
import { listenOnLoopback, serverIdentity, testRoot } from '../support/tls-server.js'

const PASSPHRASE = 'canary-passphrase'
const PROXY_PASSWORD = 'canary-proxy-password'
const WRONG_TOKEN = 'canary-token-of-another-pod'
const BROKEN_ANSWER = 'canary-in-a-broken-answer'
/** A name for the endpoint, since loopback never goes through a proxy. */
const ENDPOINT_NAME = 'rolesanywhere.example'

/** Everything that the programs said where anybody may read it. */
interface Said {
  readonly where: string
  readonly text: string
}

/** The forms in which a secret may come to light. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]
}

/** Where a secret, or a part of one that tells it, came to light. */
function findIn(said: readonly Said[], secrets: readonly string[]): string[] {
  const forms = secrets.flatMap(formsOf)
  return said
    .filter(({ text }) => forms.some((form) => text.includes(form)))
    .map(({ where }) => where)
}

/** The lines of a PEM body: one of them is as bad as all. */
const pemLines = (pem: string): string[] =>
  pem.split(/\r?\n/).filter((line) => line.length > 8 && !line.startsWith('-----'))

describe('canaries: no secret comes to light', () => {
  let folder: string
  const said: Said[] = []
  const secrets = {
    passphrases: [PASSPHRASE],
    'private keys': [] as string[],
    'secret access keys': [] as string[],
    'session tokens': [] as string[],
    'authorization tokens': [WRONG_TOKEN],
    'proxy passwords': [PROXY_PASSWORD, `user:${PROXY_PASSWORD}`],
    'parts of broken answers': [BROKEN_ANSWER],
  }

  const path = (...names: string[]): string => join(folder, ...names)
  const note = (where: string, ...texts: readonly string[]): void => {
    for (const text of texts) said.push({ where, text })
  }

  /** Learns the secrets of a good document, wherever they are members of it. */
  function learn(document: string): void {
    const members = JSON.parse(document) as Record<string, string>
    secrets['secret access keys'].push(members['SecretAccessKey']!)
    secrets['session tokens'].push((members['SessionToken'] ?? members['Token'])!)
  }

  /** Runs a command of which nothing but a good document may hold a secret. */
  async function run(
    where: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Finished> {
    const result = await rolesanywhere([...args, '--debug'], { DEBUG: '*', ...env })
    note(where, result.stderr)
    const isDocument = args[0] === 'credential-process' && result.status === 0
    if (isDocument) learn(result.stdout)
    else note(where, result.stdout)
    return result
  }

  const identity = (name = 'app'): string[] => [
    ...['--certificate', path('pki', 'issued', `${name}.chain.pem`)],
    ...['--private-key', path('pki', 'issued', `${name}.key`)],
  ]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-test-'))
    await makePki()
    const { emulator, url } = await startEmulator()
    await processes(url)
    await proxies()
    await server(url)
    note('emulator, its list of requests', (await get(`${url}/_emulator/requests`)).body)
    const { stdout, stderr } = await emulator.stop()
    note('emulator', stdout, stderr)
  })
  after(async () => {
    await endPrograms()
    await rm(folder, { recursive: true, force: true })
  })

  async function makePki(): Promise<void> {
    await writeFile(path('passphrase'), `${PASSPHRASE}\n`)
    const ca = ['--directory', path('pki')]
    const packed = ['--pkcs12', '--passphrase-file', path('passphrase')]
    await run('pki init', ['pki', 'init', ...ca])
    await run('pki issue', ['pki', 'issue', 'app', ...ca, ...packed])
    await run('pki issue --print', ['pki', 'issue', 'other', ...ca, '--print'])
    await run('pki issue, again', ['pki', 'issue', 'app', ...ca, ...packed])
    for (const name of ['app', 'other']) {
      const pem = await readFile(path('pki', 'issued', `${name}.key`), 'utf8')
      secrets['private keys'].push(...pemLines(pem))
    }
  }

  async function startEmulator() {
    const state = {
      trustAnchors: [{ arn: ARNS.trustAnchor, certificateFile: path('pki', 'ca.pem') }],
      profiles: [{ arn: ARNS.profile, roleArns: [ARNS.role] }],
      roles: [{ arn: ARNS.role }],
      buckets: [{ name: 'invoices' }],
    }
    await writeFile(path('state.json'), JSON.stringify(state))
    const args = ['emulator', '--state', path('state.json'), '--listen', '127.0.0.1:0', '--debug']
    const emulator = start([PROGRAM, ...args], { DEBUG: '*' })
    const [url = ''] = /http:\S+/.exec(await emulator.logged(/listening on/)) ?? []
    return { emulator, url }
  }

  async function setFault(url: string, fault: Readonly<Record<string, unknown>>): Promise<void> {
    const faults = `${url}/_emulator/faults`
    await fetch(faults, { method: 'DELETE' })
    const body = JSON.stringify([{ operation: 'CreateSession', ...fault }])
    await fetch(faults, { method: 'POST', body })
  }

  async function processes(url: string): Promise<void> {
    const good = ['credential-process', ...identity(), ...targetFlags(url)]
    const p12 = ['--certificate', path('pki', 'issued', 'app.p12')]
    const packed = ['credential-process', ...p12, ...targetFlags(url)]
    expect((await run('success', good)).status).to.equal(0)
    expect(
      (await run('PKCS#12', [...packed, '--private-key-passphrase-file', path('passphrase')]))
        .status,
    ).to.equal(0)

    const environment = { ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: `${PASSPHRASE}-but-wrong` }
    expect((await run('wrong passphrase', packed, environment)).status).to.equal(4)
    const key = await readFile(path('pki', 'issued', 'app.key'), 'utf8')
    const [, , ...rest] = identity()
    const pem = { ROLESANYWHERE_PRIVATE_KEY: key, ROLESANYWHERE_CERTIFICATE: key }
    const target = targetFlags(url)
    for (const [where, args, env] of [
      ['key in place of the certificate', [...rest, '--certificate', rest[1]!, ...target], {}],
      ['key of another', [...identity(), '--private-key', identity('other')[3]!, ...target], {}],
      ['text of the key as a path', [...identity(), '--private-key', key, ...target], {}],
      ['text of the key in variables', target, pem],
      ['text of the key after env:', target, { ROLESANYWHERE_CERTIFICATE: `env:${key}` }],
    ] as const) {
      expect((await run(where, ['credential-process', ...args], env)).status).to.equal(4)
    }

    const credentials = {
      accessKeyId: 'ASIABROKEN',
      secretAccessKey: BROKEN_ANSWER,
      sessionToken: BROKEN_ANSWER,
    }
    for (const [where, fault, status] of [
      ['denied', { kind: 'denied' }, 5],
      ['unavailable', { kind: 'unavailable' }, 6],
      ['not JSON', { kind: 'malformed', body: `{"secretAccessKey":"${BROKEN_ANSWER}"` }, 6],
      [
        'no expiration',
        { kind: 'malformed', body: JSON.stringify({ credentialSet: [{ credentials }] }) },
        6,
      ],
      ['an error with a secret', { kind: 'error', body: BROKEN_ANSWER }, 6],
    ] as const) {
      await setFault(url, fault)
      expect((await run(where, good, { AWS_MAX_ATTEMPTS: '2' })).status, where).to.equal(status)
    }
    await fetch(`${url}/_emulator/faults`, { method: 'DELETE' })
  }

  async function proxies(): Promise<void> {
    const root = await testRoot()
    const { cert, key } = await serverIdentity(root, undefined, altName('dns', ENDPOINT_NAME))
    await writeFile(path('root.pem'), root.certificate.toString())
    const certificate = await readFile(path('pki', 'ca.pem'), 'utf8')
    const aws = await startAws({
      tls: { certificate: cert, privateKey: key },
      state: {
        trustAnchors: [{ arn: ARNS.trustAnchor, certificate }],
        profiles: [{ arn: ARNS.profile, roleArns: [ARNS.role] }],
        roles: [{ arn: ARNS.role }],
      },
    })
    const args = [
      ...['credential-process', ...identity(), '--ca-bundle', path('root.pem')],
      ...targetFlags(`https://${ENDPOINT_NAME}:${aws.port}`),
    ]
    const open = proxyTo(aws.port)
    const closed = createServer().on('connect', (_request, socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    })
    const through = async (where: string, authority: string): Promise<number | null> => {
      const env = {
        HTTPS_PROXY: `http://user:${PROXY_PASSWORD}@${authority}`,
        AWS_MAX_ATTEMPTS: '2',
      }
      return (await run(where, args, env)).status
    }
    const at = async (proxy: Server): Promise<string> =>
      `127.0.0.1:${await listenOnLoopback(proxy)}`
    expect(await through('through a proxy', await at(open))).to.equal(0)
    expect(await through('a proxy that refuses', await at(closed))).to.equal(6)
    expect(await through('a proxy that is not there', '127.0.0.1:1')).to.equal(6)
    expect(await through('a proxy that is not one', '127.0.0.1:99999')).to.equal(3)
    open.close()
    closed.close()
    await aws.close()
  }

  /** A proxy that knows one destination. */
  function proxyTo(port: number): Server {
    return createServer().on('connect', (_request, socket) => {
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const end of [socket, onward]) end.on('error', () => onward.destroy())
    })
  }

  async function server(url: string): Promise<void> {
    await setFault(url, { kind: 'error', body: BROKEN_ANSWER, count: 1 })
    const tokenFile = path('token')
    const args = [...identity(), ...targetFlags(url), '--log-level', 'debug']
    const serving = await startServe(tokenFile, args, { DEBUG: '*', AWS_MAX_ATTEMPTS: '1' })
    const token = await readFile(tokenFile, 'utf8')
    secrets['authorization tokens'].push(token)
    const ask = async (where: string, headers: Record<string, string>): Promise<void> =>
      note(where, (await get(serving.uri, headers)).body)
    await ask('no session', { authorization: token })
    await eventually(async () => ((await serving.ask('/readyz')).status === 200 ? true : undefined))
    learn((await serving.credentials()).body)
    await ask('no token', {})
    await ask('wrong token', { authorization: WRONG_TOKEN })
    await ask('forwarded', { authorization: token, 'x-forwarded-for': '192.0.2.1' })
    await ask('web page', { authorization: token, origin: 'https://example.com' })
    note('no such role', (await serving.credentials(encodeURIComponent(token))).body)
    const posted = await fetch(serving.uri, {
      method: 'POST',
      body: token,
      headers: { authorization: token, connection: 'close' },
    })
    note('POST', await posted.text(), JSON.stringify([...posted.headers]))
    for (const health of ['/', '/healthz', '/readyz', '/metrics', '/v1/credentials']) {
      note(`health ${health}`, (await serving.ask(health)).body)
    }
    for (const where of ['lister', 'lister, refused']) {
      const lister = await start([BUCKET_LISTER], {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: serving.uri,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL: url,
      }).finished()
      note(where, lister.stdout, lister.stderr)
      await setFault(url, { operation: 'ListBuckets', kind: 'denied', body: BROKEN_ANSWER })
    }
    const { stdout, stderr } = await serving.stop()
    note('serve', stdout, stderr)
  }

  for (const what of Object.keys(secrets) as (keyof typeof secrets)[]) {
    it(`none of the ${what}`, () => {
      const known = secrets[what]
      expect(known).to.not.be.empty
      for (const secret of known) expect(secret.length).to.be.greaterThan(8)
      expect(findIn(said, known)).to.deep.equal([])
    })
  }

  it('would be found: the search sees what it looks at', () => {
    const visible = [
      'session refreshed',
      'ERR_RA_PASSPHRASE_WRONG',
      'invoices',
      'NoSession',
      'denied',
    ]
    for (const text of visible) expect(findIn(said, [text])).to.not.be.empty
    const header = `Basic ${Buffer.from(`user:${PROXY_PASSWORD}`).toString('base64')}`
    const found = findIn([{ where: 'a header', text: header }], secrets['proxy passwords'])
    expect(found).to.deep.equal(['a header'])
  })
})
