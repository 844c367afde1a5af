import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadIdentity, readIdentityFiles } from '../../../src/session/identity-files.js'
import { certPath, PASSPHRASE, readCert } from '../../support/certs.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const certificate = certPath('ec-p256.pem')

describe('readIdentityFiles', () => {
  const folder = temporaryFolder()

  const der = readCert('ec-p256.key.der').toString('base64')
  const pem = readCert('ec-p256.key.pem')
  for (const { what, text } of [
    { what: 'PEM', text: pem.toString() },
    { what: 'PEM with its line breaks written out', text: pem.toString().replaceAll('\n', '\\n') },
    { what: 'base64 of the key', text: der },
    { what: 'base64 of the key for URLs', text: Buffer.from(der, 'base64').toString('base64url') },
    { what: 'base64 of PEM', text: pem.toString('base64') },
    { what: 'base64 behind env:', text: `env:${der}` },
    { what: 'more than any path has', text: 'x.'.repeat(200) },
  ]) {
    it(`never repeats a key that was given in place of its path: ${what}`, async () => {
      const error = await rejectsWithCode(
        readIdentityFiles({ certificate, privateKey: text }, {}),
        'ERR_RA_KEY_UNREADABLE',
      )
      expect(`${error.message} ${String(error.hint)}`).to.not.contain(text.slice(20, 60))
    })
  }

  for (const { path, hint } of [
    { path: '~/tls.crt', hint: /shell/ },
    { path: '$HOME/tls.crt', hint: /variables/ },
    { path: 'file:///tls.crt', hint: /file:/ },
    { path: '/no/such/tls.crt', hint: /check the path/ },
  ]) {
    it(`says what to do about ${path}, which does not exist`, async () => {
      const error = await rejectsWithCode(
        readIdentityFiles({ certificate: path }, {}),
        'ERR_RA_CERTIFICATE_UNREADABLE',
      )
      expect(error.hint).to.match(hint)
    })
  }

  for (const [what, ending] of [
    ['a line feed', '\n'],
    ['CRLF', '\r\n'],
    ['nothing', ''],
  ] as const) {
    it(`takes a passphrase file of an editor that adds a byte order mark and ${what}`, async () => {
      const passphraseFile = join(folder.path, 'passphrase')
      await writeFile(passphraseFile, `\uFEFF${PASSPHRASE.reveal()}${ending}`)
      await loadIdentity({ certificate: certPath('ec-p256.p12'), passphraseFile }, {})
    })
  }

  it('keeps the names of the files with what it reads from them', async () => {
    const privateKey = certPath('ec-p256.key.pem')
    const { names } = await loadIdentity({ certificate, privateKey }, {})
    expect(names).to.deep.equal({
      certificate: `certificate "${certificate}"`,
      privateKey: `private key "${privateKey}"`,
    })
  })

  it('is not held up by a pipe that nobody writes to', async () => {
    const pipe = join(folder.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    await rejectsWithCode(
      readIdentityFiles({ certificate: pipe }, {}),
      'ERR_RA_CERTIFICATE_UNREADABLE',
    )
  }).timeout(20_000)
})
