import type { KeyObject } from 'node:crypto'
import { DerReader, TAG } from '../der.js'

/** Key types of ML-DSA as `KeyObject.asymmetricKeyType` says them. */
export type MlDsaName = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'

/** A seed, from which the rest follows, or the key that FIPS 204 calls expanded. */
type MlDsaSecret =
  | { readonly form: 'seed'; readonly bytes: Uint8Array }
  | { readonly form: 'expanded'; readonly bytes: Uint8Array }

const SEED_BYTES = 32

const PARAMETER_SETS: ReadonlyMap<string, { name: MlDsaName; expandedBytes: number }> = new Map([
  ['2.16.840.1.101.3.4.3.17', { name: 'ml-dsa-44', expandedBytes: 2560 }],
  ['2.16.840.1.101.3.4.3.18', { name: 'ml-dsa-65', expandedBytes: 4032 }],
  ['2.16.840.1.101.3.4.3.19', { name: 'ml-dsa-87', expandedBytes: 4896 }],
])

class NotMlDsa extends Error {}

/**
 * Reads an ML-DSA key out of PKCS#8, in any of its three forms: seed, expanded key, or both.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9881#section-6
 */
function readMlDsa(der: Uint8Array): { name: MlDsaName; secret: MlDsaSecret } {
  const info = new DerReader(der, () => {
    throw new NotMlDsa()
  }).enter(TAG.sequence)
  info.count()
  const set = PARAMETER_SETS.get(info.enter(TAG.sequence).oid())
  if (!set) throw new NotMlDsa()
  const choice = info.inside(info.expect(TAG.octetString).content)

  const seedTag = 0x80
  let secret: MlDsaSecret
  if (choice.nextTag === seedTag) secret = { form: 'seed', bytes: choice.take().content }
  else if (choice.nextTag === TAG.octetString) {
    secret = { form: 'expanded', bytes: choice.take().content }
  } else {
    secret = { form: 'seed', bytes: choice.enter(TAG.sequence).expect(TAG.octetString).content }
  }
  choice.end()
  if (secret.bytes.length !== (secret.form === 'seed' ? SEED_BYTES : set.expandedBytes)) {
    throw new NotMlDsa()
  }
  return { name: set.name, secret }
}

/** Whether this is PKCS#8 with a good ML-DSA key, whatever this version of Node makes of it. */
export function isWellFormedMlDsa(der: Uint8Array): boolean {
  try {
    readMlDsa(der)
    return true
  } catch (error) {
    if (error instanceof NotMlDsa) return false
    throw error
  }
}

/**
 * Signs with ML-DSA, pure, with an empty context, in the **deterministic** variant that AWS's own
 * helper uses: the same bytes give the same signature. `node:crypto` only has the hedged variant,
 * hence the library, which is loaded at the first signature.
 *
 * @see https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.204.pdf
 */
export async function signMlDsa(privateKey: KeyObject, message: Uint8Array): Promise<Uint8Array> {
  const { name, secret } = readMlDsa(privateKey.export({ type: 'pkcs8', format: 'der' }))
  const { ml_dsa44, ml_dsa65, ml_dsa87 } = await import('@noble/post-quantum/ml-dsa.js')
  const parameters = { 'ml-dsa-44': ml_dsa44, 'ml-dsa-65': ml_dsa65, 'ml-dsa-87': ml_dsa87 }[name]
  const expanded = secret.form === 'seed' ? parameters.keygen(secret.bytes).secretKey : secret.bytes
  return parameters.sign(message, expanded, { extraEntropy: false })
}
