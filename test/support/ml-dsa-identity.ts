import { generateKeyPairSync } from 'node:crypto'
import { context, der, integer, octetString, oid, sequence } from '../unit/x509/der-writer.js'

const ML_DSA_65 = '2.16.840.1.101.3.4.3.18'

/** Whether this version of Node can hold an ML-DSA key. */
export function knowsMlDsa(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 6)
}

/**
 * An ML-DSA key and an end-entity certificate for it, in PEM. No tool of the tests issues such
 * certificates: its signature is none, which only an issuer would notice.
 */
export function mlDsaIdentity(): { readonly certificate: string; readonly privateKey: string } {
  // The types are those of the oldest version of Node.
  const { publicKey, privateKey } = generateKeyPairSync('ml-dsa-65' as 'ed25519')
  const algorithm = sequence(oid(ML_DSA_65))
  const name = sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from('ml-dsa')))))
  const utcTime = (text: string): Buffer => der(0x17, Buffer.from(text))
  const digitalSignature = Buffer.from([0x03, 0x02, 0x07, 0x80])
  const body = sequence(
    context(0, integer(2)),
    integer(1),
    algorithm,
    name,
    sequence(utcTime('200101000000Z'), utcTime('490101000000Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(sequence(oid('2.5.29.15'), octetString(digitalSignature)))),
  )
  const bytes = sequence(body, algorithm, der(0x03, Buffer.from([0, 1, 2, 3])))
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
