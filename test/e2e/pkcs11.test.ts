import { cp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { startAws, targetFlags } from '../support/aws.js'
import { certPath } from '../support/certs.js'
import { eventually } from '../support/eventually.js'
import { endPrograms, PROGRAM, rolesanywhere, start } from '../support/program.js'
import { startServe } from '../support/serve.js'
import { PIN, SoftHsm, SOFTHSM, WHY_NO_TOKEN } from '../support/softhsm.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe(`rolesanywhere with a key on a token (needs ${WHY_NO_TOKEN || 'nothing that is missing'})`, () => {
  const folder = temporaryFolder()
  let aws: Emulator
  let hsm: SoftHsm | undefined

  before(async function () {
    if (WHY_NO_TOKEN !== '') this.skip()
    aws = await startAws()
    hsm = new SoftHsm()
    hsm.addToken('fleet')
    for (const [index, kind] of ['ec-p256', 'rsa-2048', 'ec-p384'].entries()) {
      hsm.addKey('fleet', kind, `0${index}`)
      hsm.addCertificate('fleet', `${kind}.pem`, `0${index}`)
    }
    hsm.addToken('renewing')
    hsm.addKey('renewing', 'ec-p256')
    hsm.addCertificate('renewing', 'ec-p256.pem')
  })
  after(async () => {
    await aws?.close()
    hsm?.remove()
  })
  afterEach(endPrograms)

  const args = (certificate: string, ...more: string[]): string[] => [
    ...['credential-process', '--certificate', certificate, '--pkcs11-lib', SOFTHSM],
    ...targetFlags(aws.url),
    ...more,
  ]
  const withPin = (): string[] => ['--pkcs11-pin-file', hsm!.pinFile]

  for (const kind of ['ec-p256', 'rsa-2048', 'ec-p384']) {
    it(`gets a session with certificate and ${kind} key on the token`, async () => {
      const uri = `pkcs11:token=fleet;object=${kind}`
      const result = await rolesanywhere(args(uri, ...withPin()), hsm!.env)
      expect(result.stderr).to.equal('')
      expect(JSON.parse(result.stdout)).to.have.property('Version', 1)
    })
  }

  it('takes the flags of aws_signing_helper, and the PIN from the environment', async () => {
    const key = ['--private-key', 'pkcs11:token=fleet;object=ec-p256;type=private', '--reuse-pin']
    const env = { ...hsm!.env, ROLESANYWHERE_PKCS11_PIN: PIN }
    const result = await rolesanywhere(args(certPath('ec-p256.pem'), ...key), env)
    expect(result).to.include({ status: 0, stderr: '' })
  })

  it('takes settings from the AWS config file, with the PIN in pin-source', async () => {
    const config = join(folder.path, 'config')
    await writeFile(
      config,
      `[profile card]
rolesanywhere_certificate = pkcs11:token=fleet;id=%00?pin-source=file:${hsm!.pinFile}
rolesanywhere_pkcs11_lib = ${SOFTHSM}
`,
    )
    const named = ['credential-process', '--config-profile', 'card', ...targetFlags(aws.url)]
    const result = await rolesanywhere(named, { ...hsm!.env, AWS_CONFIG_FILE: config })
    expect(result).to.include({ status: 0, stderr: '' })
  })

  for (const [what, more, status, code] of [
    ['a wrong PIN', ['--pkcs11-pin-file', certPath('text.pem')], 4, 'ERR_RA_PIN_WRONG'],
    ['no PIN file', ['--pkcs11-pin-file', '/none'], 4, 'ERR_RA_KEY_UNREADABLE'],
    ['no PIN', [], 4, 'ERR_RA_PIN_MISSING'],
    ['a PIN on the command line', ['--pkcs11-pin', PIN], 2, 'ERR_RA_FLAG_UNSUPPORTED'],
    ['a module that is not there', ['--pkcs11-lib', '/none.so'], 3, 'ERR_RA_PKCS11_UNAVAILABLE'],
  ] as const) {
    it(`refuses ${what} with exit status ${status}`, async () => {
      const result = await rolesanywhere(args('pkcs11:token=fleet;id=%00', ...more), hsm!.env)
      expect(result).to.include({ status, stdout: '' })
      expect(result.stderr).to.match(new RegExp(`^error: .* \\(${code}\\)\nhint: .+\n$`))
      expect(result.stderr).not.to.contain(PIN)
    })
  }

  it('refuses a PIN in the URI without showing it', async () => {
    const uri = `pkcs11:token=fleet;id=%00?pin-value=${PIN}`
    const result = await rolesanywhere(args(uri), hsm!.env)
    expect(result.status).to.equal(3)
    expect(result.stderr).to.contain('ERR_RA_PKCS11_URI_INVALID').and.not.contain(PIN)
  })

  it('says what to install when the package is not there', async () => {
    const program = join(folder.path, 'bin')
    await cp(dirname(PROGRAM), program, { recursive: true })
    const path = join(program, 'rolesanywhere.cjs')
    const result = await start([path, ...args('pkcs11:token=fleet')], hsm!.env).finished()
    expect(result.status).to.equal(3)
    expect(result.stderr).to.contain('pkcs11js').and.contain('npm install pkcs11js')
  })

  it('serves credentials, and takes a certificate that is renewed on the token', async () => {
    const identity = ['--certificate', 'pkcs11:token=renewing', '--pkcs11-lib', SOFTHSM]
    const server = await startServe(
      join(folder.path, 'token'),
      [...identity, ...withPin(), ...targetFlags(aws.url), '--log-level', 'debug'],
      hsm!.env,
    )
    const held = await eventually(async () => {
      const answer = await server.credentials()
      return answer.status === 200 ? answer : undefined
    })
    expect(JSON.parse(held.body)).to.have.property('Token')
    const loaded = (): readonly unknown[] =>
      server
        .lines()
        .flatMap(({ msg, notAfter }) => (msg === 'certificate loaded' ? [notAfter] : []))
    expect(loaded()).to.have.length(1)

    hsm!.addCertificate('renewing', 'ec-p256.renewed.pem')
    server.process.kill('SIGHUP')
    await eventually(() => (loaded().length === 2 ? true : undefined))
    expect(loaded()[1]).not.to.equal(loaded()[0])

    const ended = await server.stop()
    expect(ended.status).to.equal(0)
    expect(ended.stderr).not.to.contain(PIN)
  })
})
