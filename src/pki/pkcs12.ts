import { createCipheriv, createHash, pbkdf2, type X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'
import type { Secret } from '../secret.js'
import type { CertifiedKey } from './certificate.js'
import { type Randomness, systemRandomness } from './randomness.js'

/** Input of {@link toPkcs12}. */
export interface Pkcs12Params extends CertifiedKey {
  /** Intermediates, the issuer of `certificate` first. */
  readonly chain: readonly X509Certificate[]
  /** Shown by tools that list what is inside. */
  readonly friendlyName: string
  readonly passphrase: Secret
}

const ITERATIONS = 10_000
const SALT_OCTETS = 16
const AES_BLOCK_OCTETS = 16

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

const derive = promisify(pbkdf2)

/**
 * The certificate, its chain and its private key in one file, AES-256-CBC with PBKDF2 and an integrity
 * code of SHA-256, which OpenSSL 3, Java and node all open. The key is encrypted before it is handed
 * to the encoder.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7292
 * @see https://www.rfc-editor.org/rfc/rfc8018#section-6.2
 */
export async function toPkcs12(
  params: Pkcs12Params,
  random: Randomness = systemRandomness,
): Promise<Buffer> {
  const pkcs8 = params.privateKey.export({ type: 'pkcs8', format: 'der' })
  const localKeyId = createHash('sha1').update(params.certificate.raw).digest()
  const attributes = bagAttributes(params.friendlyName, localKeyId)
  const encrypt = (content: Buffer): Promise<Pbes2> => pbes2(content, params.passphrase, random)

  const { algorithm, encrypted } = await encrypt(pkcs8)
  pkcs8.fill(0)
  const keyBag = bag(OID.keyBag, sequence(algorithm, octets(encrypted)), attributes)
  const certBags = sequence(
    certBag(params.certificate, attributes),
    ...params.chain.map((certificate) => certBag(certificate)),
  )
  const authenticatedSafe = toDer(
    sequence(
      encryptedContent(await encrypt(toDer(certBags))),
      dataContent(toDer(sequence(keyBag))),
    ),
  )
  const macData = integrityCode(authenticatedSafe, params.passphrase, random)
  return toDer(sequence(integer(3), dataContent(authenticatedSafe), macData))
}

interface Pbes2 {
  readonly algorithm: forge.asn1.Asn1
  readonly encrypted: Buffer
}

async function pbes2(content: Buffer, passphrase: Secret, random: Randomness): Promise<Pbes2> {
  const salt = random.bytes(SALT_OCTETS)
  const iv = random.bytes(AES_BLOCK_OCTETS)
  const key = await derive(passphrase.reveal(), salt, ITERATIONS, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const hash = sequence(oid(OID.hmacSha256), nothing())
  const algorithm = sequence(
    oid(OID.pbes2),
    sequence(
      sequence(oid(OID.pbkdf2), sequence(octets(salt), integer(ITERATIONS), hash)),
      sequence(oid(OID.aes256Cbc), octets(iv)),
    ),
  )
  return { algorithm, encrypted: Buffer.concat([cipher.update(content), cipher.final()]) }
}

/** HMAC over the content with a key from PKCS#12's own derivation, purpose 3. */
function integrityCode(content: Buffer, passphrase: Secret, random: Randomness): forge.asn1.Asn1 {
  const salt = random.bytes(SALT_OCTETS)
  const digest = forge.md.sha256.create()
  const key = forge.pkcs12.generateKey(
    passphrase.reveal(),
    forge.util.createBuffer(salt.toString('binary')),
    3,
    ITERATIONS,
    digest.digestLength,
    digest,
  )
  const mac = forge.hmac.create()
  mac.start(digest, key)
  mac.update(content.toString('binary'))
  const value = Buffer.from(mac.digest().getBytes(), 'binary')
  const info = sequence(sequence(oid(OID.sha256), nothing()), octets(value))
  return sequence(info, octets(salt), integer(ITERATIONS))
}

const encryptedContent = ({ algorithm, encrypted }: Pbes2): forge.asn1.Asn1 => {
  const content = node(context, 0, false, encrypted.toString('binary'))
  const info = sequence(oid(OID.data), algorithm, content)
  return sequence(oid(OID.encryptedData), explicit(sequence(integer(0), info)))
}

const dataContent = (content: Buffer): forge.asn1.Asn1 =>
  sequence(oid(OID.data), explicit(octets(content)))

const certBag = (certificate: X509Certificate, attributes?: forge.asn1.Asn1): forge.asn1.Asn1 =>
  bag(
    OID.certBag,
    sequence(oid(OID.x509Certificate), explicit(octets(certificate.raw))),
    attributes,
  )

const bag = (type: string, value: forge.asn1.Asn1, attributes?: forge.asn1.Asn1): forge.asn1.Asn1 =>
  sequence(oid(type), explicit(value), ...(attributes ? [attributes] : []))

/** Readers pair the key with its certificate by the local key identifier. */
const bagAttributes = (friendlyName: string, localKeyId: Buffer): forge.asn1.Asn1 => {
  const name = node(universal, forge.asn1.Type.BMPSTRING, false, friendlyName)
  return set(
    sequence(oid(OID.friendlyName), set(name)),
    sequence(oid(OID.localKeyId), set(octets(localKeyId))),
  )
}

const { UNIVERSAL: universal, CONTEXT_SPECIFIC: context } = forge.asn1.Class

const node = (
  tagClass: forge.asn1.Class,
  type: number,
  constructed: boolean,
  value: string | forge.asn1.Asn1[],
): forge.asn1.Asn1 => forge.asn1.create(tagClass, type, constructed, value)

const sequence = (...items: forge.asn1.Asn1[]): forge.asn1.Asn1 =>
  node(universal, forge.asn1.Type.SEQUENCE, true, items)

const set = (...items: forge.asn1.Asn1[]): forge.asn1.Asn1 =>
  node(universal, forge.asn1.Type.SET, true, items)

const explicit = (item: forge.asn1.Asn1): forge.asn1.Asn1 => node(context, 0, true, [item])

const octets = (value: Buffer): forge.asn1.Asn1 =>
  node(universal, forge.asn1.Type.OCTETSTRING, false, value.toString('binary'))

const integer = (value: number): forge.asn1.Asn1 =>
  node(universal, forge.asn1.Type.INTEGER, false, forge.asn1.integerToDer(value).getBytes())

const oid = (value: string): forge.asn1.Asn1 =>
  node(universal, forge.asn1.Type.OID, false, forge.asn1.oidToDer(value).getBytes())

const nothing = (): forge.asn1.Asn1 => node(universal, forge.asn1.Type.NULL, false, '')

const toDer = (item: forge.asn1.Asn1): Buffer =>
  Buffer.from(forge.asn1.toDer(item).getBytes(), 'binary')
