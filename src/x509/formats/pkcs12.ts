import { Secret } from '../../secret.js'
import { DerReader } from '../der.js'
import { DerivationBudget, isGiven } from '../keys/key-derivation.js'
import { type NamedBytes, unusable } from '../named-bytes.js'
import type { Rc2 } from '../keys/pbe.js'
import { type Pkcs12Contents, readPkcs12 } from './pkcs12-container.js'
import { passphraseMissing, passphraseWrong } from '../keys/private-key.js'

/**
 * Opens a PKCS#12 container, and checks its MAC where there is one.
 *
 * `node-forge`, loaded here and nowhere else, turns BER into DER and undoes RC2, the two things that
 * `node:crypto` has no way to do. It never sees a key: it cannot read EC ones.
 *
 * @param passphrase Without one, or when the file turns out to have none, the empty passphrase and no
 *   passphrase at all (which PKCS#12 tells apart) are tried.
 * @throws RolesAnywhereError `ERR_RA_KEY_ENCRYPTED` when it needs a passphrase,
 *   `ERR_RA_PASSPHRASE_WRONG`, `ERR_RA_KEY_CIPHER_UNSUPPORTED`, and `ERR_RA_PKCS12_INVALID` for
 *   anything malformed.
 * @see https://www.rfc-editor.org/rfc/rfc7292
 */
export async function openPkcs12(
  file: NamedBytes,
  passphrase: Secret | undefined,
): Promise<Pkcs12Contents> {
  const { default: forge } = await import('node-forge')
  const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
  const fail = (problem: string, cause?: unknown): never => {
    const hint = 'copy the file again, or make it anew with `openssl pkcs12 -export`'
    throw unusable('ERR_RA_PKCS12_INVALID', file.name, `the PKCS#12 file ${problem}`, hint, cause)
  }
  const toDer = (ber: Uint8Array): DerReader => {
    let der: string
    try {
      const tree = forge.asn1.fromDer(forge.util.createBuffer(binary(ber)), true)
      der = forge.asn1.toDer(tree).getBytes()
    } catch (cause) {
      return fail('is malformed', cause)
    }
    return new DerReader(Buffer.from(der, 'latin1'), (problem) => fail(problem))
  }
  const rc2: Rc2 = (key, bits, iv, data) => {
    const cipher = forge.rc2.createDecryptionCipher(binary(key), bits)
    cipher.start(binary(iv))
    cipher.update(forge.util.createBuffer(binary(data)))
    return cipher.finish() ? Buffer.from(cipher.output.getBytes(), 'latin1') : undefined
  }

  const given = isGiven(passphrase) ? [passphrase] : []
  for (const candidate of [...given, new Secret(''), undefined]) {
    const context = { name: file.name, budget: new DerivationBudget(), rc2, toDer }
    const opened = await readPkcs12(file.bytes, candidate, context)
    if (opened) return opened
  }
  throw isGiven(passphrase) ? passphraseWrong(file.name) : passphraseMissing(file.name)
}
