import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main } from '../../../src/cli/main.js'
import { COMMANDS } from '../../../src/commands.js'
import { certPath, CERTS, PASSPHRASE, readCert } from '../../support/certs.js'
import { recordedIo } from '../../support/io.js'
import { start } from '../../support/program.js'
import { SOFTHSM, SoftHsm, WHY_NO_TOKEN } from '../../support/softhsm.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { itSays } from '../../support/transcript.js'

const COMMAND = 'read-certificate-data'

describe(COMMAND, () => {
  const folder = temporaryFolder()

  async function read(file: string, env = {}): Promise<Record<string, unknown>> {
    const io = recordedIo({ env: { HOME: folder.path, ...env } })
    expect(await main(COMMANDS, [COMMAND, '--certificate', file], io)).to.equal(0)
    expect(io.written.stderr).to.equal('')
    return JSON.parse(io.written.stdout) as Record<string, unknown>
  }

  const serialOf = (file: string): string =>
    BigInt(`0x${new X509Certificate(readCert(file)).serialNumber}`).toString()

  it('prints what the helper prints, in the same order', async () => {
    const data = await read(certPath('ec-p256.pem'))
    expect(Object.entries(data)).to.deep.equal([
      ['keyType', 'EC'],
      ['certificateData', new X509Certificate(readCert('ec-p256.pem')).raw.toString('base64')],
      ['serialNumber', serialOf('ec-p256.pem')],
      ['supportedAlgorithms', ['ECSHA256', 'ECSHA384', 'ECSHA512']],
    ])
  })

  for (const { file, keyType, algorithms } of [
    { file: 'rsa-2048.pem', keyType: 'RSA', algorithms: ['RSASHA256', 'RSASHA384', 'RSASHA512'] },
    { file: 'ed25519.pem', keyType: '', algorithms: [] },
  ]) {
    it(`tells the key of ${file}`, async () => {
      const data = await read(certPath(file))
      expect(data).to.deep.include({ keyType, supportedAlgorithms: algorithms })
    })
  }

  for (const file of ['chain.full.pem', 'chain.shuffled.pem', 'chain.with-root.pem', 'chain.p12']) {
    it(`finds the end-entity certificate of ${file}`, async () => {
      const env = { ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE.reveal() }
      expect(await read(certPath(file), env)).to.include({ serialNumber: serialOf('chain.pem') })
    })
  }

  it('reads DER, PEM from the environment, and the config profile', async () => {
    const serialNumber = serialOf('ec-p256.pem')
    expect(await read(certPath('ec-p256.der'))).to.include({ serialNumber })
    const env = { TLS_CRT: readCert('ec-p256.pem').toString() }
    expect(await read('env:TLS_CRT', env)).to.include({ serialNumber })
    const config = join(folder.path, 'config')
    await writeFile(config, `[default]\nrolesanywhere_certificate = ${certPath('ec-p256.pem')}\n`)
    const io = recordedIo({ env: { AWS_CONFIG_FILE: config } })
    expect(await main(COMMANDS, [COMMAND], io)).to.equal(0)
    expect(JSON.parse(io.written.stdout)).to.include({ serialNumber })
  })

  it('reads a token without its PIN', async function () {
    if (WHY_NO_TOKEN !== '') this.skip()
    const hsm = new SoftHsm()
    try {
      hsm.addToken('token')
      hsm.addKey('token', 'ec-p256')
      hsm.addCertificate('token', 'ec-p256.pem')
      const args = [...[COMMAND, '--certificate', 'pkcs11:token=token'], '--pkcs11-lib', SOFTHSM]
      // The module looks at the environment of the process itself.
      const script = fileURLToPath(new URL('../../../src/bin.ts', import.meta.url))
      const child = ['--import=tsx', script, ...args]
      const { status, stdout, stderr } = await start(child, hsm.env).finished()
      expect(status, stderr).to.equal(0)
      expect(JSON.parse(stdout)).to.include({ serialNumber: serialOf('ec-p256.pem') })
    } finally {
      hsm.remove()
    }
  })

  describe('says', () => {
    const certificate = (file: string): string[] => [COMMAND, '--certificate', certPath(file)]
    itSays(
      COMMAND,
      [
        { what: 'help', args: [COMMAND, '--help'] },
        { what: 'a certificate', args: certificate('ec-p256.pem') },
        { what: 'no certificate', args: [COMMAND] },
        { what: 'a typing mistake', args: [COMMAND, '--certificat', 'tls.crt'] },
        { what: 'a flag for key stores', args: [COMMAND, '--system-store-name', 'MY'] },
        { what: 'an argument too many', args: [COMMAND, 'tls.crt'] },
        { what: 'a missing file', args: [COMMAND, '--certificate', '/nonexistent/tls.crt'] },
        { what: 'a key for a certificate', args: certificate('ec-p256.key.pem') },
        { what: 'an encrypted container', args: certificate('ec-p256.p12') },
        { what: 'a folder for a file', args: [COMMAND, '--certificate', CERTS] },
      ],
      { replace: () => [[CERTS, 'CERTS/']] },
    )
  })
})
