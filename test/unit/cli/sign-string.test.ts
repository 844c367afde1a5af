import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { main } from '../../../src/cli/main.js'
import { signingTest } from '../../../src/cli/signing-test.js'
import { COMMANDS } from '../../../src/commands.js'
import { certPath, CERTS, PASSPHRASE, readCert } from '../../support/certs.js'
import { recordedIo } from '../../support/io.js'
import { itSays } from '../../support/transcript.js'

describe('sign-string', () => {
  async function sign(args: readonly string[], env = {}): Promise<string> {
    const io = recordedIo({ env: { HOME: '/nonexistent', ...env } })
    expect(await main(COMMANDS, ['sign-string', ...args], io), io.written.stderr).to.equal(0)
    return io.written.stdout
  }

  const key = (file: string): string[] => ['--private-key', certPath(file)]
  const publicKey = (file: string) => new X509Certificate(readCert(file)).publicKey

  for (const { file, keyFile } of [
    { file: 'ec-p256.pem', keyFile: 'ec-p256.key.pem' },
    { file: 'ec-p384.pem', keyFile: 'ec-p384.key.pem' },
    { file: 'rsa-2048.pem', keyFile: 'rsa-2048.key.pem' },
  ]) {
    for (const digest of ['SHA256', 'SHA384', 'SHA512']) {
      it(`${keyFile}, ${digest}: a signature that the certificate verifies`, async () => {
        const text = await sign([...key(keyFile), '--digest', digest, '--format', 'text'])
        const signature = Buffer.from(text.trim(), 'hex')
        const verified = verify(digest, signingTest(publicKey(file)), publicKey(file), signature)
        expect(verified).to.equal(true)
      })
    }
  }

  it('signs text, version and hash of the public key', () => {
    const ec = createPublicKey({
      key: { kty: 'EC', crv: 'P-256', x: POINT.x, y: POINT.y },
      format: 'jwk',
    })
    // Computed with sha256sum over "IAM RA", 04 and the two coordinates.
    expect(signingTest(ec).toString('latin1')).to.equal(
      `AWS Roles Anywhere Credential Helper Signing Test1${Buffer.from(POINT.hash, 'hex').toString('latin1')}`,
    )
  })

  it('gives the same signature in every format', async () => {
    const rsa = key('rsa-2048.key.pem')
    const text = await sign([...rsa, '--format', 'text'])
    expect(text).to.match(/^[0-9a-f]{512}\n$/)
    expect(await sign(rsa)).to.equal(`"${text.trim()}"\n`)
    const bytes = Buffer.from(await sign([...rsa, '--format=bin']), 'latin1')
    expect(bytes.toString('hex')).to.equal(text.trim())
  })

  it('takes the key out of the file of the certificate, and encrypted keys', async () => {
    const env = { ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE.reveal() }
    expect(await sign(['--certificate', certPath('ec-p256.combined.pem')])).to.match(/^"30/)
    expect(await sign(['--certificate', certPath('ec-p256.p12')], env)).to.match(/^"30/)
    expect(await sign(key('ec-p256.pbes2-aes-256-cbc.key.pem'), env)).to.match(/^"30/)
  })

  it('leaves a certificate of the environment alone when only a key is to be tried', async () => {
    const env = { ROLESANYWHERE_CERTIFICATE: certPath('ec-p384.pem') }
    expect(await sign(key('ec-p256.key.pem'), env)).to.match(/^"30/)
  })

  describe('says', () => {
    const COMMAND = 'sign-string'
    const rsa = key('rsa-2048.key.pem')
    itSays(
      COMMAND,
      [
        { what: 'help', args: [COMMAND, '--help'] },
        { what: 'a signature', args: [COMMAND, ...rsa] },
        { what: 'a signature as text', args: [COMMAND, ...rsa, '--format', 'text'] },
        { what: 'no key', args: [COMMAND] },
        { what: 'a digest that is none', args: [COMMAND, ...rsa, '--digest', 'MD5'] },
        { what: 'a format that is none', args: [COMMAND, ...rsa, '--format', 'hex'] },
        { what: 'a typing mistake', args: [COMMAND, '--digests', 'SHA256'] },
        { what: 'a passphrase for all to see', args: [COMMAND, '--pkcs8-password', 'x'] },
        { what: 'a flag for key stores', args: [COMMAND, '--tpm-key-password', 'x'] },
        { what: 'a key in a TPM', args: [COMMAND, '--private-key', 'handle:0x81000001'] },
        { what: 'a missing file', args: [COMMAND, '--private-key', '/nonexistent/tls.key'] },
        { what: 'a certificate for a key', args: [COMMAND, ...key('ec-p256.pem')] },
        { what: 'an encrypted key', args: [COMMAND, ...key('ec-p256.pbes2-aes-256-cbc.key.pem')] },
        {
          what: 'a key that the service does not take',
          args: [COMMAND, ...key('ed25519.key.pem')],
        },
        {
          what: 'the key of another certificate',
          args: [COMMAND, '--certificate', certPath('ec-p384.pem'), ...key('ec-p256.key.pem')],
        },
      ],
      { replace: () => [[CERTS, 'CERTS/']] },
    )
  })
})

/** The base point of P-256. */
const POINT = {
  x: 'axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY',
  y: 'T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU',
  hash: '6118302bc1d29e492f2f65f751f211934ff42db490d1571504a0f96eef7957be',
}
