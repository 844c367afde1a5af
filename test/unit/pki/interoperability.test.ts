import { createPrivateKey, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type CertifiedKey,
  createIntermediate,
  createRoot,
  issueCertificate,
} from '../../../src/pki/certificate.js'
import { createCrl } from '../../../src/pki/crl.js'
import type { KeyType } from '../../../src/pki/key-types.js'
import { toPkcs12 } from '../../../src/pki/pkcs12.js'
import { parseSubject } from '../../../src/pki/subject.js'
import { Secret } from '../../../src/secret.js'
import { readIdentity } from '../../../src/x509/read-identity.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { HAS_OPENSSL, openssl } from './openssl.js'

// The openssl command reads the machine's clock.
const now = Date.now()
const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) }
const PASSPHRASE = 'pässword, with a blank'

async function family(
  keyType: KeyType,
): Promise<{ root: CertifiedKey; intermediate: CertifiedKey; leaf: CertifiedKey }> {
  const root = await createRoot({ commonName: 'Rööt', keyType, ...validity })
  const intermediate = await createIntermediate({
    issuer: root,
    commonName: 'Intermediate',
    keyType,
    ...validity,
  })
  const subject = parseSubject(String.raw`CN=app\, one,OU=team,O=Example,C=DE,DC=example`)
  const leaf = await issueCertificate({ issuer: intermediate, subject, keyType, ...validity })
  return { root, intermediate, leaf }
}

for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
  describe(`what the development CA makes with ${keyType}`, () => {
    const folder = temporaryFolder()
    let made: Awaited<ReturnType<typeof family>>
    before(async () => {
      made = await family(keyType)
    })

    async function save(name: string, content: string | Buffer): Promise<string> {
      const path = join(folder.path, name)
      await writeFile(path, content)
      return path
    }

    const bundle = (): Promise<Buffer> =>
      toPkcs12({
        ...made.leaf,
        chain: [made.intermediate.certificate],
        friendlyName: 'app',
        passphrase: new Secret(PASSPHRASE),
      })

    describe('as the openssl command sees it', () => {
      before(function () {
        if (HAS_OPENSSL) return
        console.warn('    skipped: the openssl command is not on this machine')
        this.skip()
      })

      it('is a chain that verifies strictly', async () => {
        const root = await save('root.pem', made.root.certificate.toString())
        const intermediate = await save(
          'intermediate.pem',
          made.intermediate.certificate.toString(),
        )
        const leaf = await save('leaf.pem', made.leaf.certificate.toString())
        const trust = ['-x509_strict', '-purpose', 'sslclient', '-CAfile', root]
        const answer = openssl('verify', ...trust, '-untrusted', intermediate, leaf)
        expect(answer).to.match(/leaf\.pem: OK/)
        const subject = openssl('x509', '-in', leaf, '-noout', '-subject', '-nameopt', 'RFC2253')
        expect(subject.trim()).to.equal(
          String.raw`subject=CN=app\, one,OU=team,O=Example,C=DE,DC=example`,
        )
      })

      it('is a revocation list that verifies and revokes', async () => {
        const { serialNumber } = made.leaf.certificate
        const lists = await Promise.all(
          [
            { issuer: made.root, revocations: [] },
            {
              issuer: made.intermediate,
              revocations: [{ serialNumber, revokedAt: validity.notBefore }],
            },
          ].map((params) =>
            createCrl({
              ...params,
              number: 300,
              thisUpdate: validity.notBefore,
              nextUpdate: validity.notAfter,
            }),
          ),
        )
        const crls = await save('crls.pem', lists.join(''))
        const root = await save('root.pem', made.root.certificate.toString())
        const intermediate = await save(
          'intermediate.pem',
          made.intermediate.certificate.toString(),
        )
        const leaf = await save('leaf.pem', made.leaf.certificate.toString())
        const trust = ['-crl_check_all', '-CAfile', root, '-CRLfile', crls]
        expect(openssl('verify', ...trust, intermediate)).to.match(/OK/)
        expect(() => openssl('verify', ...trust, '-untrusted', intermediate, leaf)).to.throw(
          /certificate revoked/,
        )
        const own = await save('own.pem', lists[1]!)
        expect(openssl('crl', '-in', own, '-noout', '-crlnumber')).to.match(/0x012C/i)
      })

      it('is a PKCS#12 file with modern ciphers, the certificates and the key', async () => {
        const file = await save('app.p12', await bundle())
        const pass = await save('passphrase', PASSPHRASE)
        const open = ['-in', file, '-passin', `file:${pass}`]
        const info = openssl('pkcs12', ...open, '-info', '-noout')
        expect(info).to.match(/MAC: sha256/)
        expect(info).to.match(/Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC/)
        expect(info).to.not.match(/RC2|3DES|SHA1/i)
        const pem = openssl('pkcs12', ...open, '-nodes')
        expect(pem.match(/BEGIN CERTIFICATE/g)).to.have.length(2)
        expect(pem).to.match(/friendlyName: app/)
        const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(pem)?.[0]
        expect(made.leaf.certificate.checkPrivateKey(createPrivateKey(key!))).to.equal(true)
      })
    })

    it('is a PKCS#12 file that this program reads itself', async () => {
      const identity = await readIdentity({
        certificate: { name: 'app.p12', bytes: await bundle() },
        passphrase: new Secret(PASSPHRASE),
      })
      expect(identity.certificate.raw).to.deep.equal(made.leaf.certificate.raw)
      expect((identity.privateKey as KeyObject).equals(made.leaf.privateKey)).to.equal(true)
      expect(identity.chain.map(({ raw }) => raw)).to.deep.equal([
        made.intermediate.certificate.raw,
      ])
    })

    it('is a PKCS#12 file that does not open with another passphrase', async () => {
      const certificate = { name: 'app.p12', bytes: await bundle() }
      const opened = readIdentity({ certificate, passphrase: new Secret('password') })
      await rejectsWithCode(opened, 'ERR_RA_PASSPHRASE_WRONG')
    })
  })
}
