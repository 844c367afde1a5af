import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import type { Identity } from '../../../src/x509/identity.js'
import { readIdentity } from '../../../src/x509/read-identity.js'
import { createSigner } from '../../../src/x509/signer.js'
import { namedCert } from '../../support/certs.js'
import { rejectsWithCode, throwsWithCode } from '../../support/rejects.js'
import { HAS_VECTORS, VECTORS } from '../../support/shared-vectors.js'

const MESSAGE = Buffer.from('string to sign')

const identityOf = async (name: string): Promise<Identity> =>
  readIdentity({
    certificate: namedCert(`${name}.pem`),
    privateKey: namedCert(`${name}.key.pem`),
  })

describe('createSigner', () => {
  for (const { name, algorithm, serialNumber } of [
    { name: 'rsa-2048', algorithm: 'AWS4-X509-RSA-SHA256', serialNumber: '4097' },
    { name: 'rsa-4096', algorithm: 'AWS4-X509-RSA-SHA256', serialNumber: '4098' },
    { name: 'ec-p256', algorithm: 'AWS4-X509-ECDSA-SHA256', serialNumber: '4099' },
    { name: 'ec-p384', algorithm: 'AWS4-X509-ECDSA-SHA256', serialNumber: '4100' },
    { name: 'ec-p521', algorithm: 'AWS4-X509-ECDSA-SHA256', serialNumber: '4101' },
  ]) {
    it(`signs with SHA-256 and ${name}, in the encoding that the service takes`, async () => {
      const identity = await identityOf(name)
      const signer = createSigner(identity)
      expect(signer.algorithm).to.equal(algorithm)
      expect(signer.serialNumber).to.equal(serialNumber)
      expect(Buffer.from(signer.certificate).equals(identity.certificate.raw)).to.equal(true)
      const signature = await signer.sign(MESSAGE)
      const { publicKey } = identity.certificate
      expect(verify('sha256', MESSAGE, { key: publicKey, dsaEncoding: 'der' }, signature)).to.equal(
        true,
      )
    })
  }

  it('gives the same RSA signature each time, as PKCS#1 v1.5 does', async () => {
    const signer = createSigner(await identityOf('rsa-2048'))
    const [first, second] = [await signer.sign(MESSAGE), await signer.sign(MESSAGE)]
    expect(Buffer.from(first).equals(second)).to.equal(true)
  })

  it('carries the chain, the issuer of the certificate first', async () => {
    const identity = await readIdentity({
      certificate: namedCert('chain.shuffled.pem'),
      privateKey: namedCert('chain.key.pem'),
    })
    const { chain } = createSigner(identity)
    expect(chain).to.deep.equal(identity.chain.map((entry) => entry.raw))
    expect(chain).to.have.length(2)
  })

  it('drops the sign octet of a serial number with the top bit set', async () => {
    const { serialNumber } = createSigner(
      await readIdentity({
        certificate: namedCert('serial-top-bit.pem'),
        privateKey: namedCert('ec-p256.key.pem'),
      }),
    )
    expect(serialNumber).to.equal(BigInt(`0xf0${'00'.repeat(18)}01`).toString())
  })

  it('says so when the key cannot sign', async () => {
    const identity = await identityOf('ec-p256')
    const signer = createSigner({
      ...identity,
      privateKey: createPublicKey(identity.privateKey as KeyObject),
    })
    await rejectsWithCode(signer.sign(MESSAGE), 'ERR_RA_SIGNING_FAILED')
  })

  for (const name of ['ed25519', 'rsa-1024', 'ec-secp256k1']) {
    it(`refuses a key of ${name}`, async () => {
      const identity = await identityOf(name)
      throwsWithCode(() => createSigner(identity), 'ERR_RA_KEY_UNSUPPORTED')
    })
  }
})

/** One recording of AWS's own helper. */
interface Recording {
  readonly name: string
  readonly certificate: string
  readonly privateKey: string
  readonly intermediates?: string
  readonly request: { readonly headers: readonly (readonly [string, string])[] }
  readonly expected: {
    readonly algorithm: string
    readonly serialDecimal: string
    readonly stringToSign: string
  }
}

describe('createSigner against recordings of aws_signing_helper', () => {
  if (!HAS_VECTORS) {
    it('skipped: the recordings are not on this machine')
    return
  }
  const { vectors } = JSON.parse(readFileSync(`${VECTORS}create-session.json`, 'utf8')) as {
    vectors: readonly Recording[]
  }
  const file = (path: string): { name: string; bytes: Buffer } => {
    const folder = path.startsWith('mldsa') ? 'mldsa/' : 'pki/'
    return { name: path, bytes: readFileSync(`${VECTORS}${folder}${path}`) }
  }

  for (const { name, certificate, privateKey, intermediates, request, expected } of vectors) {
    it(`signs as it did: ${name}`, async function () {
      const header = (wanted: string): string =>
        request.headers.find(([key]) => key.toLowerCase() === wanted)?.[1] ?? ''
      const input = {
        certificate: file(certificate),
        privateKey: file(privateKey),
        ...(intermediates ? { intermediates: file(intermediates) } : {}),
      }
      if (certificate.startsWith('mldsa') && !knowsMlDsa()) {
        const { hint } = await rejectsWithCode(readIdentity(input), 'ERR_RA_KEY_UNSUPPORTED')
        expect(hint).to.contain('Node 24.6')
        return
      }
      const identity = await readIdentity(input)
      const signer = createSigner(identity)
      expect(signer.algorithm).to.equal(expected.algorithm)
      expect(signer.serialNumber).to.equal(expected.serialDecimal)
      const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
      expect(base64(signer.certificate)).to.equal(header('x-amz-x509'))
      expect(signer.chain.map(base64).join(',')).to.equal(header('x-amz-x509-chain'))

      const message = Buffer.from(expected.stringToSign)
      const signature = await signer.sign(message)
      const recorded = header('authorization').split('Signature=')[1]!
      if (expected.algorithm === 'AWS4-X509-ECDSA-SHA256') {
        const key = { key: identity.certificate.publicKey, dsaEncoding: 'der' } as const
        expect(verify('sha256', message, key, signature)).to.equal(true)
        expect(verify('sha256', message, key, Buffer.from(recorded, 'hex'))).to.equal(true)
      } else {
        expect(Buffer.from(signature).toString('hex')).to.equal(recorded)
      }
    })
  }
})

function knowsMlDsa(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 6)
}
