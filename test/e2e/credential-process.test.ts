import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import type { CertifiedKey } from '../../src/pki/certificate.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { certPath, PASSPHRASE, readCert } from '../support/certs.js'
import { type Loaded, modulesLoadedBy } from '../support/loaded-modules.js'
import { eventually } from '../support/eventually.js'
import { knowsMlDsa, mlDsaIdentity } from '../support/ml-dsa-identity.js'
import {
  endPrograms,
  type Finished,
  PROGRAM,
  rolesanywhere,
  start,
  startCommand,
} from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { serverIdentity, testRoot } from '../support/tls-server.js'

/** Kotlin's SDK takes no more than this. */
const MAX_DOCUMENT_BYTES = 64_000

/** Nobody who sends a signal waits this long; far below any timeout of the program. */
const AT_ONCE_MS = 3_000

describe('rolesanywhere credential-process', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  afterEach(async () => {
    aws.setFaults([])
    await endPrograms()
  })

  // Sharing sessions has a suite of its own.
  const goodArgs = (): string[] => [
    'credential-process',
    '--no-cache',
    ...IDENTITY_FLAGS,
    ...targetFlags(aws.url),
  ]

  /** One document on one line, nothing else anywhere. */
  function expectDocument({ status, stdout, stderr }: Finished): void {
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
    expect(stdout).to.match(/^\{.*\}\n$/)
    expect(JSON.parse(stdout)).to.have.property('Version', 1)
  }

  it('prints one document and nothing else', async () => {
    const result = await rolesanywhere(goodArgs())
    expectDocument(result)
    expect(Buffer.byteLength(result.stdout)).to.be.lessThan(MAX_DOCUMENT_BYTES)
  })

  describe('in an odd place', () => {
    it('needs no environment at all', async () => {
      expectDocument(await start([PROGRAM, ...goodArgs()], {}, { env: {} }).finished())
    })

    it('needs no home of its user', async function () {
      if (process.getuid?.() !== 0) this.skip()
      // The checkout of somebody else may not be readable: only whether it starts counts.
      const program = join(folder.path, 'bin')
      await cp(dirname(PROGRAM), program, { recursive: true })
      const somewhere = { env: {}, cwd: '/', uid: 54_321, gid: 54_321 }
      await startCommand('chmod', ['-R', 'a+rX', folder.path]).finished()
      const args = [join(program, 'rolesanywhere.cjs'), 'credential-process', '--version']
      const outcome = await start(args, {}, somewhere)
        .finished()
        .catch((error: NodeJS.ErrnoException) => error.code)
      // Node itself may lie where only its owner may go.
      if (outcome === 'EACCES') this.skip()
      expect(outcome).to.include({ stderr: '', status: 0 })
    })

    it('writes nothing into the current folder, which need not be writable', async function () {
      if (process.platform !== 'linux') this.skip()
      expectDocument(await start([PROGRAM, ...goodArgs()], {}, { cwd: '/proc/self' }).finished())
    })

    it('runs in a folder that is no more', async () => {
      const script = 'rmdir "$PWD" && exec "$0" "$@"'
      const cwd = join(folder.path, 'gone')
      await mkdir(cwd)
      const args = ['-c', script, process.execPath, PROGRAM, ...goodArgs()]
      expectDocument(await startCommand('sh', args, {}, { cwd }).finished())
    })

    it('works with standard input and standard error closed', async () => {
      const args = ['-c', 'exec "$0" "$@" <&- 2>&-', process.execPath, PROGRAM, ...goodArgs()]
      expectDocument(await startCommand('sh', args).finished())
    })

    it('never reads standard input', async () => {
      const input = join(folder.path, 'input')
      await writeFile(input, 'for the next program')
      const output = join(folder.path, 'output')
      const script = `exec < ${input}; "$0" "$@" > ${output}; exec cat`
      const args = ['-c', script, process.execPath, PROGRAM, ...goodArgs()]
      const { stdout, stderr } = await startCommand('sh', args).finished()
      expect(stderr).to.equal('')
      expect(stdout).to.equal('for the next program')
      expect(await readFile(output, 'utf8')).to.match(/^\{.*\}\n$/)
    })

    it('ends without a word when the reader has gone', async () => {
      const running = start([PROGRAM, ...goodArgs()])
      running.process.stdout?.destroy()
      expect(await running.finished()).to.deep.equal({ status: 0, stdout: '', stderr: '' })
    })

    it('fails when its output cannot be written', async function () {
      if (process.platform !== 'linux') this.skip()
      const args = ['-c', 'exec "$0" "$@" > /dev/full', process.execPath, PROGRAM, ...goodArgs()]
      const { status, stderr } = await startCommand('sh', args).finished()
      expect(stderr).to.equal('error: cannot write to standard output (ENOSPC)\n')
      expect(status).to.equal(1)
    })

    /** A program and files whose paths hold a space, as one line of an AWS config file. */
    async function lineWithSpaces(): Promise<string> {
      const place = join(folder.path, 'Program Files')
      await mkdir(place)
      await symlink(dirname(PROGRAM), join(place, 'bin'))
      await writeFile(join(place, 'tls.crt'), readCert('ec-p256.pem'))
      await writeFile(join(place, 'tls.key'), readCert('ec-p256.key.pem'))
      const files = [
        ...['--certificate', join(place, 'tls.crt')],
        ...['--private-key', join(place, 'tls.key')],
      ]
      const program = [process.execPath, join(place, 'bin', 'rolesanywhere.cjs')]
      return [...program, 'credential-process', ...files, ...targetFlags(aws.url)]
        .map((word) => `"${word}"`)
        .join(' ')
    }

    it('takes paths with spaces through a shell, as most SDKs start it', async () => {
      expectDocument(await startCommand('sh', ['-c', await lineWithSpaces()]).finished())
    })

    it('takes paths with spaces through quotes alone, as botocore starts it', async () => {
      const line = join(folder.path, 'line')
      await writeFile(line, await lineWithSpaces())
      // xargs splits at quotes and starts the program without a shell.
      const args = ['-c', `exec xargs env < ${line}`]
      expectDocument(await startCommand('sh', args).finished())
    })
  })

  describe('over TLS', () => {
    let root: CertifiedKey
    let tlsAws: Emulator
    const files = { root: '', unrelated: '' }

    before(async () => {
      root = await testRoot()
      const { cert, key } = await serverIdentity(root)
      tlsAws = await startAws({ tls: { certificate: cert, privateKey: key } })
    })
    after(async () => tlsAws.close())
    beforeEach(async () => {
      files.root = join(folder.path, 'root.pem')
      files.unrelated = join(folder.path, 'unrelated.pem')
      await writeFile(files.root, root.certificate.toString())
      await writeFile(files.unrelated, (await testRoot()).certificate.toString())
    })

    const tlsArgs = (): string[] => [
      ...['credential-process', ...IDENTITY_FLAGS],
      ...targetFlags(tlsAws.url),
    ]

    it('trusts what --ca-bundle holds', async () => {
      expectDocument(await rolesanywhere([...tlsArgs(), '--ca-bundle', files.root]))
      expectDocument(await rolesanywhere(tlsArgs(), { AWS_CA_BUNDLE: files.root }))
    })

    it('goes on trusting NODE_EXTRA_CA_CERTS when a bundle is given', async () => {
      const env = { NODE_EXTRA_CA_CERTS: files.root }
      expectDocument(await rolesanywhere(tlsArgs(), env))
      expectDocument(await rolesanywhere([...tlsArgs(), '--ca-bundle', files.unrelated], env))
    })

    it('sends nothing to a server that it does not trust', async () => {
      const before = tlsAws.requests.length
      for (const more of [[], ['--ca-bundle', files.unrelated]]) {
        const { status, stdout, stderr } = await rolesanywhere([...tlsArgs(), ...more])
        expect(stderr).to.match(/^error: .+ \(ERR_RA_TLS_FAILED\)\nhint: .*--ca-bundle\n$/)
        expect(stdout).to.equal('')
        expect(status).to.equal(6)
      }
      expect(tlsAws.requests.length).to.equal(before)
    })

    describe('starts fast:', () => {
      const loadedBy = async (args: readonly string[], env = {}): Promise<Loaded> =>
        modulesLoadedBy(folder.path, args, env)

      it('no library and no needless module of Node is loaded for PEM files', async () => {
        const { files: loaded, builtins } = await loadedBy(tlsArgs(), { AWS_CA_BUNDLE: files.root })
        expect(tlsAws.requests.at(-1)?.outcome).to.equal('granted')
        expect(loaded).to.deep.equal([
          ...['witness.cjs', 'rolesanywhere.cjs', 'credential-process.cjs'],
          'obtain-credentials.cjs',
        ])
        expect(builtins).to.include('https')
        for (const name of SLOW_BUILTINS) expect(builtins).to.not.include(name)
      })

      it('what a PKCS#12 file needs is loaded for one', async () => {
        const args = [
          ...['credential-process', '--certificate', certPath('ec-p256.p12')],
          ...targetFlags(aws.url),
        ]
        const env = { ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE.reveal() }
        const { files: loaded } = await loadedBy(args, env)
        expect(loaded).to.include('node-forge.cjs')
        expect(loaded).to.not.include('noble-ml-dsa.cjs')
      })

      it('the ML-DSA library is loaded for an ML-DSA key', async function () {
        if (!knowsMlDsa()) this.skip()
        const { certificate, privateKey } = mlDsaIdentity()
        await writeFile(join(folder.path, 'tls.crt'), certificate)
        await writeFile(join(folder.path, 'tls.key'), privateKey)
        const identity = [
          ...['--certificate', join(folder.path, 'tls.crt')],
          ...['--private-key', join(folder.path, 'tls.key')],
        ]
        const args = ['credential-process', ...identity, ...targetFlags(aws.url)]
        expect((await loadedBy(args)).files).to.include('noble-ml-dsa.cjs')
      })
    })
  })

  describe('says what went wrong', () => {
    const SCRIPTS: readonly {
      readonly what: string
      readonly args: () => readonly string[]
      readonly status: number
      readonly stderr: string
    }[] = [
      {
        what: 'a typing mistake',
        args: () => ['credential-process', '--certificat', 'tls.crt'],
        status: 2,
        stderr:
          'error: unknown flag --certificat (ERR_RA_FLAG_UNKNOWN)\nhint: did you mean --certificate?\n',
      },
      {
        what: 'a missing setting',
        args: () => ['credential-process'],
        status: 3,
        stderr:
          'error: missing setting --certificate (ERR_RA_SETTING_MISSING)\n' +
          'hint: pass --certificate, or set ROLESANYWHERE_CERTIFICATE, or put rolesanywhere_certificate into [default] of the AWS config file\n',
      },
      {
        what: 'a missing file',
        args: () => [
          ...['credential-process', '--certificate', '/nonexistent/tls.crt'],
          ...targetFlags(aws.url),
        ],
        status: 4,
        stderr:
          'error: certificate "/nonexistent/tls.crt" does not exist (ERR_RA_CERTIFICATE_UNREADABLE)\n' +
          'hint: check the path; in a pod, check that the volume is mounted\n',
      },
      {
        what: 'a refusal',
        args: () =>
          goodArgs().map((word) => (word === ARNS.role ? `${ARNS.role}-of-others` : word)),
        status: 5,
        stderr:
          "error: CreateSession answered HTTP 403 AccessDeniedException: Requested Role isn't one of those listed in the Profile (ERR_RA_SESSION_DENIED)\n" +
          'hint: add the role of --role-arn to the profile\n',
      },
      {
        what: 'an endpoint that is not there',
        args: () => goodArgs().map((word) => (word === aws.url ? 'http://127.0.0.1:1' : word)),
        status: 6,
        stderr:
          'error: cannot reach http://127.0.0.1:1: the connection was refused (ERR_RA_ENDPOINT_UNREACHABLE)\n' +
          'hint: check routes and firewalls to the endpoint, and whether a proxy is needed (HTTPS_PROXY)\n',
      },
    ]
    for (const { what, args, status, stderr } of SCRIPTS) {
      it(`${what}: status ${status}`, async () => {
        const result = await rolesanywhere(args(), { AWS_MAX_ATTEMPTS: '1' })
        expect(result).to.deep.equal({ status, stdout: '', stderr })
      })
    }

    it('a bug of its own: status 1, and the trace that a report of it needs', async () => {
      const saboteur = join(folder.path, 'saboteur.cjs')
      await writeFile(saboteur, "performance.now = () => { throw new Error('sabotage') }")
      const args = ['--require', saboteur, PROGRAM, ...goodArgs()]
      const { status, stdout, stderr } = await start(args).finished()
      expect(stderr).to.match(/^error: this is a bug: Error: sabotage\n {4}at /)
      expect(stdout).to.equal('')
      expect(status).to.equal(1)
    })

    it('help and version: status 0, on standard output', async () => {
      const help = await rolesanywhere(['credential-process', '--help'])
      expect(help.stderr).to.equal('')
      expect(help.status).to.equal(0)
      expect(help.stdout).to.match(
        /^Print session credentials .*\n\nUsage: rolesanywhere credential-/,
      )
      const overview = await rolesanywhere([])
      expect(overview.stdout).to.match(/^AWS credentials from an X\.509 certificate/)
      expect(overview.status).to.equal(0)
      const version = await rolesanywhere(['credential-process', '--version'])
      expect(version).to.deep.equal(await rolesanywhere(['--version']))
    })
  })

  describe('with an endpoint that hangs', () => {
    for (const [signal, status] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      it(`ends at once on ${signal}: status ${status}, and not a word`, async () => {
        aws.setFaults([{ operation: 'CreateSession', kind: 'hang' }])
        const seen = aws.requests.length
        const running = start([PROGRAM, ...goodArgs(), '--timeout', '5m'])
        await eventually(() => (aws.requests.length > seen ? true : undefined))
        const sinceMs = performance.now()
        expect(await running.stop(signal)).to.deep.equal({ status, stdout: '', stderr: '' })
        expect(performance.now() - sinceMs).to.be.lessThan(AT_ONCE_MS)
      })
    }
  })
})

/** Modules of Node that take milliseconds to load, or that this command has no business with. */
const SLOW_BUILTINS = [
  'child_process',
  'cluster',
  'dgram',
  'fs/promises',
  'http2',
  'inspector',
  'readline',
  'repl',
  'timers/promises',
  'vm',
  'worker_threads',
  'zlib',
]
