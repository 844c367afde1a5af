import {
  chmod,
  chown,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { certPath } from '../support/certs.js'
import { endPrograms, PROGRAM, rolesanywhere, start, startCommand } from '../support/program.js'
import { get, logLines } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe('rolesanywhere update', () => {
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

  const at = (...names: string[]): string => join(folder.path, ...names)
  const workload = (): string[] => [...IDENTITY_FLAGS, ...targetFlags(aws.url)]
  const update = (...more: string[]): string[] => [
    ...['update', ...workload(), '--credentials-file', at('credentials'), ...more],
  ]
  const ids = (): (string | undefined)[] => aws.sessions.map(({ accessKeyId }) => accessKeyId)

  describe('asked to end', () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`ends well on ${signal}, and leaves nothing but the file`, async () => {
        const running = start([PROGRAM, ...update()])
        await running.logged(/session refreshed/)
        const { status, stdout, stderr } = await running.stop(signal)
        expect(status).to.equal(0)
        expect(stdout).to.equal('')
        expect(logLines(stderr).map(({ msg }) => msg)).to.deep.equal([
          ...['certificate loaded', 'session refreshed'],
        ])
        expect(await readdir(folder.path)).to.deep.equal(['credentials'])
        expect(await readFile(at('credentials'), 'utf8')).to.contain(ids().at(-1))
      })
    }

    it('ends well while CreateSession hangs, and leaves nothing at all', async () => {
      aws.setFaults([{ operation: 'CreateSession', kind: 'hang' }])
      const running = start([PROGRAM, ...update()])
      await running.logged(/certificate loaded/)
      expect((await running.stop()).status).to.equal(0)
      expect(await readdir(folder.path)).to.deep.equal([])
    })
  })

  it('makes the file with the mode that it is told, and keeps it', async () => {
    for (const run of [1, 2]) {
      const result = await rolesanywhere(update('--once', '--credentials-file-mode', '0644'))
      expect(result.status, result.stderr).to.equal(0)
      expect(result.stderr).to.not.contain('"warn"')
      expect((await stat(at('credentials'))).mode & 0o777, `run ${run}`).to.equal(0o644)
    }
    const other = await rolesanywhere(update('--once', '--credentials-file-mode', '0666'))
    expect(other.status).to.equal(2)
    expect(other.stderr).to.contain('ERR_RA_FLAG_INVALID')
  })

  it('any number of them loses nothing, and readers see whole files only', async () => {
    const before = '# kept\r\n[kept]\r\nregion = x\r\n'
    await writeFile(at('credentials'), before)
    const names = ['one', 'two', 'three', 'four']
    let done = false
    const updates = Promise.all(
      [...names, ...names].map(async (name) => rolesanywhere(update('--once', '--profile', name))),
    ).finally(() => (done = true))
    while (!done) {
      const seen = await readFile(at('credentials'), 'latin1')
      expect(seen.startsWith(before)).to.equal(true)
      for (const section of seen.split('[').slice(2)) {
        expect(section).to.match(/^\w+\]\r\n(aws_[a-z_]+ = \S+\r\n){3}\r\n$/)
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const { status, stderr } of await updates) expect(status, stderr).to.equal(0)
    const sections = (await readFile(at('credentials'), 'latin1')).match(/\[\w+\]/g)
    expect(sections?.sort()).to.deep.equal(['[four]', '[kept]', '[one]', '[three]', '[two]'])
    expect(await readdir(folder.path)).to.deep.equal(['credentials'])
  })

  it('makes folder and file for an ordinary user who has neither', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const [uid, gid] = [54_321, 54_321]
    // The checkout and the files of somebody else may not be readable.
    await cp(dirname(PROGRAM), at('bin'), { recursive: true })
    await copyFile(certPath('ec-p256.combined.pem'), at('tls.pem'))
    await mkdir(at('home'))
    await startCommand('chmod', ['-R', 'a+rX', folder.path]).finished()
    for (const name of ['home', 'tls.pem']) await chown(at(name), uid, gid)
    await chmod(folder.path, 0o755)
    const program = [at('bin', 'rolesanywhere.cjs'), 'update', '--once']
    const args = [...program, '--certificate', at('tls.pem'), ...targetFlags(aws.url)]
    const outcome = await start(args, { HOME: at('home') }, { uid, gid, cwd: '/' })
      .finished()
      .catch((error: NodeJS.ErrnoException) => error.code)
    // Node itself may lie where only its owner may go.
    if (outcome === 'EACCES') this.skip()
    expect(outcome).to.include({ status: 0 })
    expect(await stat(at('home', '.aws'))).to.include({ uid, gid, mode: 0o040700 })
    expect(await stat(at('home', '.aws', 'credentials'))).to.include({ uid, gid, mode: 0o100600 })
  })

  describe('what is written for aws_signing_helper runs with the word replaced:', () => {
    const files = `--certificate ${certPath('ec-p256.pem')} --private-key ${certPath('ec-p256.key.pem')}`
    const arns = `--trust-anchor-arn ${ARNS.trustAnchor} --profile-arn ${ARNS.profile} --role-arn ${ARNS.role}`

    /** Runs a command line through a shell that finds the program by its name. */
    async function shell(line: string) {
      await mkdir(at('bin'))
      await writeFile(
        at('bin', 'rolesanywhere'),
        `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`,
      )
      await chmod(at('bin', 'rolesanywhere'), 0o755)
      const env = { PATH: `${at('bin')}:${process.env['PATH']}`, HOME: at('home') }
      return startCommand('sh', ['-c', line.replace('aws_signing_helper', 'rolesanywhere')], {
        ...env,
        AWS_ENDPOINT_URL_ROLESANYWHERE: aws.url,
      })
    }

    const DOCUMENTED: readonly {
      readonly line: string
      readonly stdout: RegExp
      readonly credentials?: RegExp
    }[] = [
      {
        line: `aws_signing_helper credential-process ${files} ${arns} --session-duration 900 --with-proxy`,
        stdout:
          /^\{"Version":1,"AccessKeyId":"[^"]+","SecretAccessKey":"[^"]+","SessionToken":"[^"]+","Expiration":"[^"]+"\}\n$/,
      },
      {
        line: `aws_signing_helper update --once ${files} ${arns}`,
        stdout: /^$/,
        credentials:
          /^\[default\]\naws_access_key_id = \S+\naws_secret_access_key = \S+\naws_session_token = \S+\n\n$/,
      },
      {
        line: `aws_signing_helper update ${files} ${arns} --profile 'developer' --once=true --debug=false`,
        stdout: /^$/,
        credentials: /^\[developer\]\n/,
      },
      {
        line: `aws_signing_helper read-certificate-data --certificate ${certPath('ec-p256.pem')}`,
        stdout:
          /^\{"keyType":"EC","certificateData":"[^"]+","serialNumber":"\d+","supportedAlgorithms":\["ECSHA256","ECSHA384","ECSHA512"\]\}\n$/,
      },
      {
        line: `aws_signing_helper sign-string ${files} --digest SHA512 --format json`,
        stdout: /^"30[0-9a-f]+"\n$/,
      },
      { line: 'aws_signing_helper version', stdout: /^\d+\.\d+\.\d+\n$/ },
      { line: 'aws_signing_helper help update', stdout: /^Keep a profile/ },
    ]
    for (const { line, stdout, credentials } of DOCUMENTED) {
      it(line.split(' ', 3).join(' '), async () => {
        const result = await (await shell(line)).finished()
        expect(result.status, result.stderr).to.equal(0)
        expect(result.stdout).to.match(stdout)
        if (credentials) {
          expect(await readFile(at('home', '.aws', 'credentials'), 'utf8')).to.match(credentials)
        }
      })
    }

    it('aws_signing_helper serve', async () => {
      const line = `aws_signing_helper serve ${files} ${arns} --port 0 --hop-limit 64`
      // Ports that others on this machine may have, and a log that a program reads.
      const running = await shell(`exec ${line} --health-listen 127.0.0.1:0 --log-format json`)
      await running.logged(/no authorization token/)
      const { uri } = JSON.parse(await running.logged(/serving credentials/)) as { uri: string }
      const { origin } = new URL(uri)
      const shut = await get(uri)
      expect(shut.status).to.equal(403)
      expect(shut.body).to.contain('--authorization-token-file')
      const token = await fetch(`${origin}/latest/api/token`, {
        method: 'PUT',
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60', connection: 'close' },
      })
      const headers = { 'x-aws-ec2-metadata-token': await token.text() }
      await running.logged(/session refreshed/)
      const role = `${origin}/latest/meta-data/iam/security-credentials/`
      const { body: name } = await get(role, headers)
      expect(JSON.parse((await get(role + name, headers)).body)).to.include({
        ...{ Code: 'Success', AccessKeyId: ids().at(-1) },
      })
      expect((await running.stop()).status).to.equal(0)
    })
  })
})
