import { verify, X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ErrorCode } from '../../../src/errors.js'
import { Secret } from '../../../src/secret.js'
import { type IdentityFiles, loadIdentity } from '../../../src/session/identity-files.js'
import { isDeviceKey } from '../../../src/x509/device-key.js'
import { createSigner } from '../../../src/x509/signer.js'
import { certPath, readCert } from '../../support/certs.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { PIN, SoftHsm, SOFTHSM, WHY_NO_TOKEN } from '../../support/softhsm.js'

const MESSAGE = Buffer.from('string to sign')

describe(`readToken (needs ${WHY_NO_TOKEN || 'nothing that is missing'})`, () => {
  let hsm: SoftHsm
  let confBefore: string | undefined

  before(function () {
    if (WHY_NO_TOKEN !== '') this.skip()
    hsm = new SoftHsm()
    // The module reads it when it is first loaded; nothing else in this process uses it.
    confBefore = process.env['SOFTHSM2_CONF']
    Object.assign(process.env, hsm.env)
    for (const label of ['alpha', 'beta', 'twin', 'chain', 'bare']) hsm.addToken(label)
    hsm.addKey('alpha', 'rsa-2048', '01')
    hsm.addCertificate('alpha', 'rsa-2048.pem', '01')
    hsm.addKey('alpha', 'ec-p256', '02')
    hsm.addCertificate('alpha', 'ec-p256.pem', '02')
    hsm.addKey('alpha', 'ec-p384', '03')
    hsm.addCertificate('alpha', 'ec-p384.pem', '03')
    hsm.addKey('beta', 'ec-p384', '01')
    hsm.addKey('twin', 'ec-p256', '01', 'one')
    hsm.addKey('twin', 'ec-p384', '02', 'two')
    hsm.addCertificate('twin', 'ec-p256.pem', '01')
    hsm.addCertificate('twin', 'ec-p256.renewed.pem', '01')
    hsm.addKey('chain', 'chain', '01')
    for (const [id, file] of ['chain', 'intermediate-1', 'intermediate-2', 'root'].entries()) {
      hsm.addCertificate('chain', `${file}.pem`, `0${id + 1}`)
    }
    hsm.addCertificate('chain', 'other-intermediate.pem', '09')
    hsm.addKey('bare', 'ec-p256', '01')
    hsm.tool('bare', ['--delete-object', '--type', 'pubkey', '--id', '01'])
  })
  after(() => {
    if (confBefore === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = confBefore
    hsm?.remove()
  })

  const load = async (files: IdentityFiles): Promise<Awaited<ReturnType<typeof loadIdentity>>> =>
    loadIdentity({ pkcs11Library: SOFTHSM, pkcs11PinFile: hsm.pinFile, ...files }, {})

  for (const [what, files, subject] of [
    ['RSA, both on the token', { certificate: 'pkcs11:token=alpha;id=%01' }, 'rsa-2048'],
    ['EC P-256, by label', { certificate: 'pkcs11:token=alpha;object=ec-p256' }, 'ec-p256'],
    ['EC P-384, with a type', { certificate: 'pkcs11:id=%03;token=alpha;type=cert' }, 'ec-p384'],
    [
      'a certificate in a file',
      { certificate: certPath('ec-p384.pem'), privateKey: 'pkcs11:token=beta' },
      'ec-p384',
    ],
    [
      'a key in a file',
      { certificate: 'pkcs11:token=alpha;id=%02', privateKey: certPath('ec-p256.key.pem') },
      'ec-p256',
    ],
    [
      'a certificate on one token and the key on another',
      { certificate: 'pkcs11:token=alpha;id=%03', privateKey: 'pkcs11:token=beta;type=private' },
      'ec-p384',
    ],
    [
      'a URI without a token, which only one fits',
      { certificate: certPath('rsa-2048.pem'), privateKey: 'pkcs11:object=rsa-2048' },
      'rsa-2048',
    ],
  ] as const) {
    it(`signs with ${what}`, async () => {
      const identity = await load(files)
      expect(identity.certificate.subject).to.contain(`CN=${subject}`)
      const signature = await createSigner(identity).sign(MESSAGE)
      expect(verify('sha256', MESSAGE, identity.certificate.publicKey, signature)).to.equal(true)
    })
  }

  it('makes many signatures at once', async () => {
    const signer = createSigner(await load({ certificate: 'pkcs11:token=alpha;id=%02' }))
    const { publicKey } = new X509Certificate(readCert('ec-p256.pem'))
    const made = await Promise.all(Array.from({ length: 20 }, () => signer.sign(MESSAGE)))
    for (const signature of made) {
      expect(verify('sha256', MESSAGE, publicKey, signature)).to.equal(true)
    }
  })

  it('takes the chain from the token, in order, and nothing that does not belong to it', async () => {
    const { certificate, chain, warnings } = await load({ certificate: 'pkcs11:token=chain' })
    const inFile = await loadIdentity(
      { certificate: certPath('chain.full.pem'), privateKey: certPath('chain.key.pem') },
      {},
    )
    expect(certificate.raw).to.deep.equal(inFile.certificate.raw)
    expect(chain.map(({ raw }) => raw)).to.deep.equal(
      inFile.chain.slice(0, chain.length).map(({ raw }) => raw),
    )
    expect(chain).to.have.length(2)
    expect(warnings).to.equal(undefined)
  })

  it('takes the certificate that was renewed last, where the old one was left', async () => {
    const { certificate } = await load({ certificate: 'pkcs11:token=twin' })
    const renewed = new X509Certificate(readCert('ec-p256.renewed.pem'))
    expect(certificate.raw).to.deep.equal(renewed.raw)
  })

  it('takes the PIN from pin-source before all else, and from the environment after all else', async () => {
    const wrong = join(hsm.folder, 'wrong')
    writeFileSync(wrong, 'wrong-pin')
    const { privateKey } = await load({
      certificate: certPath('ec-p256.pem'),
      privateKey: `pkcs11:token=twin;object=one?pin-source=file:${hsm.pinFile}`,
      pkcs11PinFile: wrong,
    })
    expect(isDeviceKey(privateKey)).to.equal(true)
    const files = {
      certificate: certPath('ec-p256.pem'),
      privateKey: 'pkcs11:token=twin;id=%01',
      pkcs11Library: SOFTHSM,
    }
    await loadIdentity({ ...files, pkcs11Pin: new Secret(PIN) }, {})
  })

  const refused: readonly (readonly [string, IdentityFiles, ErrorCode])[] = [
    ['a token that is not there', { certificate: 'pkcs11:token=gamma' }, 'ERR_RA_TOKEN_MISSING'],
    [
      'another serial number of the token',
      { certificate: 'pkcs11:token=alpha;serial=1' },
      'ERR_RA_TOKEN_MISSING',
    ],
    [
      'a certificate that is not there',
      { certificate: 'pkcs11:token=alpha;object=nobody' },
      'ERR_RA_CERTIFICATE_MISSING',
    ],
    [
      'a token with several certificates',
      { certificate: 'pkcs11:token=alpha' },
      'ERR_RA_OBJECT_AMBIGUOUS',
    ],
    [
      'a key that is not there',
      { certificate: certPath('ec-p256.pem'), privateKey: 'pkcs11:token=beta;id=%99' },
      'ERR_RA_KEY_MISSING',
    ],
    [
      'a token with several keys',
      { certificate: certPath('ec-p256.pem'), privateKey: 'pkcs11:token=twin' },
      'ERR_RA_OBJECT_AMBIGUOUS',
    ],
    [
      'a key that several tokens may have',
      { certificate: certPath('ec-p256.pem'), privateKey: 'pkcs11:id=%01' },
      'ERR_RA_OBJECT_AMBIGUOUS',
    ],
    [
      'a key that does not belong to the certificate',
      { certificate: certPath('ec-p256.pem'), privateKey: 'pkcs11:token=beta' },
      'ERR_RA_KEY_MISMATCH',
    ],
    [
      'a key whose public half the token does not show',
      { certificate: certPath('ec-p256.pem'), privateKey: 'pkcs11:token=bare' },
      'ERR_RA_KEY_UNSUPPORTED',
    ],
    [
      'a type that is no private key',
      { certificate: certPath('ec-p256.pem'), privateKey: 'pkcs11:token=beta;type=cert' },
      'ERR_RA_PKCS11_URI_INVALID',
    ],
    [
      'a module that does not exist',
      { certificate: 'pkcs11:token=alpha', pkcs11Library: '/nonexistent/module.so' },
      'ERR_RA_PKCS11_UNAVAILABLE',
    ],
    [
      'a module that is no module',
      { certificate: 'pkcs11:token=alpha', pkcs11Library: certPath('ec-p256.pem') },
      'ERR_RA_PKCS11_UNAVAILABLE',
    ],
    [
      'a PIN file that is not there',
      {
        certificate: certPath('ec-p384.pem'),
        privateKey: 'pkcs11:token=beta;object=ec-p384',
        pkcs11PinFile: '/nonexistent/pin',
      },
      'ERR_RA_KEY_UNREADABLE',
    ],
  ]
  for (const [what, files, code] of refused) {
    it(`refuses ${what}, with a hint`, async () => {
      const error = await rejectsWithCode(load(files), code)
      expect(error.hint).to.be.a('string').and.not.equal('')
      expect(`${error.message} ${error.hint}`).not.to.contain(PIN)
    })
  }

  it('says which certificates there are to choose from', async () => {
    const { hint } = await rejectsWithCode(
      load({ certificate: 'pkcs11:token=alpha' }),
      'ERR_RA_OBJECT_AMBIGUOUS',
    )
    expect(hint).to.contain('token=alpha;').and.contain('id=%02')
  })

  it('needs a PIN', async () => {
    const files = {
      certificate: certPath('ec-p384.pem'),
      privateKey: 'pkcs11:token=beta;id=%01',
      pkcs11Library: SOFTHSM,
    }
    await rejectsWithCode(loadIdentity(files, {}), 'ERR_RA_PIN_MISSING')
  })

  it('sends a wrong PIN once, and another one when it comes', async () => {
    const pinFile = join(hsm.folder, 'changing')
    const files: IdentityFiles = {
      certificate: certPath('ec-p384.pem'),
      privateKey: 'pkcs11:token=beta;object=ec-p384;type=private',
      pkcs11PinFile: pinFile,
    }
    writeFileSync(pinFile, 'wrong-pin')
    await rejectsWithCode(load(files), 'ERR_RA_PIN_WRONG')
    const again = await rejectsWithCode(load(files), 'ERR_RA_PIN_WRONG')
    // No failure of the token lies below: it was not asked.
    expect(again.cause).to.equal(undefined)
    writeFileSync(pinFile, PIN)
    expect(isDeviceKey((await load(files)).privateKey)).to.equal(true)
  })

  it('gives the PIN once more for a key that wants it before each signature', async () => {
    hsm.tool('bare', [
      ...['--keypairgen', '--key-type', 'EC:prime256v1', '--id', '07', '--label', 'always'],
      '--always-auth',
    ])
    const { readToken } = await import('../../../src/pkcs11/read-token.js')
    const { privateKey } = await readToken(
      {
        certificate: certPath('ec-p256.pem'),
        privateKey: 'pkcs11:token=bare;object=always',
        library: SOFTHSM,
      },
      () => new Secret(PIN),
    )
    const signature = await privateKey!.sign(MESSAGE)
    expect(verify('sha256', MESSAGE, privateKey!.publicKey, signature)).to.equal(true)
  })

  it('says so when the key is taken away, and finds it again', async () => {
    const signer = createSigner(
      await load({
        certificate: certPath('ec-p256.pem'),
        privateKey: 'pkcs11:token=twin;object=one',
      }),
    )
    hsm.tool('twin', ['--delete-object', '--type', 'privkey', '--id', '01'])
    await rejectsWithCode(signer.sign(MESSAGE), 'ERR_RA_KEY_MISSING')
    hsm.tool('twin', ['--delete-object', '--type', 'pubkey', '--id', '01'])
    hsm.addKey('twin', 'ec-p256', '01', 'one')
    await signer.sign(MESSAGE)
  })
})
