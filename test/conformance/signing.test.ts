import {
  createHash,
  createPrivateKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { ml_dsa44, ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import {
  canonicalRequest,
  credentialScope,
  stringToSign,
} from '../../src/protocol/canonical-request.js'
import { requestTarget } from '../../src/protocol/create-session.js'
import { decimalSerial } from '../../src/protocol/decimal-serial.js'
import type { HttpRequest } from '../../src/protocol/http-message.js'
import { signRequest } from '../../src/protocol/sign-request.js'
import type { SignatureAlgorithmName } from '../../src/protocol/signature-algorithms.js'
import type { Signer } from '../../src/protocol/signer.js'
import { HAS_VECTORS, VECTORS } from '../support/shared-vectors.js'

interface Vector {
  readonly name: string
  readonly certificate: string
  readonly privateKey: string
  readonly intermediates?: string
  readonly region: string
  readonly request: {
    readonly method: string
    readonly target: string
    readonly headers: readonly [name: string, value: string][]
    readonly body: string
  }
  readonly expected: {
    readonly algorithm: SignatureAlgorithmName
    readonly serialDecimal: string
    readonly canonicalRequestSha256: string
    readonly stringToSign: string
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const service = 'rolesanywhere'

describe('requests recorded from aws_signing_helper 1.8.0', () => {
  if (!HAS_VECTORS) {
    it.skip('SKIPPED: the recordings are not on this machine')
    return
  }
  const { vectors } = JSON.parse(readFileSync(`${VECTORS}create-session.json`, 'utf8')) as {
    vectors: Vector[]
  }

  it('are all there', () => {
    expect(vectors.map(({ expected }) => expected.algorithm)).to.have.members([
      ...Array<string>(2).fill('AWS4-X509-RSA-SHA256'),
      ...Array<string>(3).fill('AWS4-X509-ECDSA-SHA256'),
      ...Array<string>(2).fill('AWS4-X509-MLDSA'),
    ])
  })

  for (const vector of vectors) {
    const { name, expected, region } = vector
    const recorded = new Map(
      vector.request.headers.map(([key, value]) => [key.toLowerCase(), value]),
    )
    const authorization = recorded.get('authorization')!
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization)![1]!.split(';')
    const signature = /Signature=([0-9a-f]+)$/.exec(authorization)![1]!
    const at = instant(recorded.get('x-amz-date')!)

    describe(name, () => {
      it('have this canonical request and this string to sign', async () => {
        const request = requestOf(vector)
        const canonical = await canonicalRequest(request, signedHeaders)
        expect(canonical.signedHeaders).to.equal(signedHeaders.join(';'))
        expect(sha256(canonical.text)).to.equal(expected.canonicalRequestSha256)
        const scope = credentialScope(at, { region, service })
        expect(await stringToSign(expected.algorithm, at, scope, canonical.text)).to.equal(
          expected.stringToSign,
        )
      })

      it('have this target on the request line', () => {
        expect(requestTarget(requestOf(vector))).to.equal(vector.request.target)
      })

      it('come out again when we sign', async () => {
        const sent = ['amz-sdk-invocation-id', 'amz-sdk-request', 'content-type', 'user-agent']
        const signer = signerOf(vector)
        const request = requestOf(vector, sent)
        const { headers } = await signRequest(request, signer, { region, service }, at)

        for (const header of ['host', 'x-amz-date', 'x-amz-x509', 'x-amz-x509-chain']) {
          expect(headers[header], header).to.equal(recorded.get(header))
        }
        const ours = headers['authorization']!
        if (expected.algorithm !== 'AWS4-X509-ECDSA-SHA256') {
          expect(ours).to.equal(authorization)
          return
        }
        // ECDSA signatures differ each time; theirs and ours must both verify over the same text.
        const before = (text: string): string => text.slice(0, text.indexOf('Signature='))
        expect(before(ours)).to.equal(before(authorization))
        const { publicKey } = new X509Certificate(signer.certificate)
        for (const hex of [signature, ours.split('Signature=')[1]!]) {
          const text = Buffer.from(expected.stringToSign)
          expect(verify('sha256', text, publicKey, Buffer.from(hex, 'hex'))).to.equal(true)
        }
      })

      it('name the serial number in decimal', () => {
        const { serialNumber } = new X509Certificate(signerOf(vector).certificate)
        expect(decimalSerial(serialNumber)).to.equal(expected.serialDecimal)
      })
    })
  }
})

function requestOf({ request }: Vector, keep?: readonly string[]): HttpRequest {
  const url = new URL(request.target, 'http://127.0.0.1:8099')
  return {
    method: request.method,
    protocol: 'http:',
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(
      request.headers.filter(([name]) => !keep || keep.includes(name.toLowerCase())),
    ),
    body: request.body,
  }
}

function signerOf(vector: Vector): Signer {
  const [certificate] = certificates(vector.certificate)
  const key = pem(vector.privateKey)
  return {
    algorithm: vector.expected.algorithm,
    certificate: certificate!,
    chain: vector.intermediates ? certificates(vector.intermediates) : [],
    serialNumber: vector.expected.serialDecimal,
    sign: vector.name.startsWith('mldsa')
      ? mlDsa(vector.name, key)
      : withNode(createPrivateKey(key)),
  }
}

const withNode =
  (key: KeyObject): Signer['sign'] =>
  async (text) =>
    sign('sha256', text, key)

/** Deterministic ML-DSA from the 32-byte seed, which these PKCS#8 files hold as the first octet string of that size. */
function mlDsa(name: string, key: string): Signer['sign'] {
  const der = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const seed = der.subarray(der.indexOf(Buffer.from([0x04, 0x20])) + 2).subarray(0, 32)
  const variant = name === 'mldsa44' ? ml_dsa44 : ml_dsa65
  const { secretKey } = variant.keygen(seed)
  return async (text) => variant.sign(text, secretKey, { extraEntropy: false })
}

function pem(file: string): string {
  const folder = file.startsWith('mldsa') ? 'mldsa' : 'pki'
  return readFileSync(`${VECTORS}${folder}/${file}`, 'utf8')
}

function certificates(file: string): Uint8Array[] {
  const blocks = pem(file).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => Buffer.from(block.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
}

/** `20261122T054751Z` as an instant. */
function instant(amzDate: string): Date {
  return new Date(amzDate.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z'))
}
