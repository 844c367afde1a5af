import { constants, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { RolesAnywhereError } from '../errors.js'
import { decimalSerial } from '../protocol/decimal-serial.js'
import type { SignatureAlgorithm } from '../protocol/signature-algorithms.js'
import type { Signer } from '../protocol/signer.js'
import { isDeviceKey } from './device-key.js'
import type { Identity } from './identity.js'
import { requireSupportedKey } from './keys/key-rules.js'
import { signMlDsa } from './keys/ml-dsa.js'

/**
 * A {@link Signer} over a key in memory or in a device. RSA and ECDSA signatures are made on the
 * thread pool.
 *
 * @throws RolesAnywhereError `ERR_RA_KEY_UNSUPPORTED` when the service has no algorithm for the key,
 *   and `ERR_RA_CERTIFICATE_INVALID` when the serial number is not one.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export function createSigner(identity: Identity): Signer {
  const { certificate, privateKey, chain } = identity
  const onDevice = isDeviceKey(privateKey)
  const algorithm = requireSupportedKey(onDevice ? privateKey.publicKey : privateKey)
  return {
    algorithm: algorithm.name,
    certificate: certificate.raw,
    chain: chain.map((intermediate) => intermediate.raw),
    serialNumber: decimalSerial(certificate.serialNumber),
    async sign(stringToSign) {
      // A device says itself what went wrong.
      if (onDevice) return privateKey.sign(stringToSign)
      try {
        return await signatureOver(stringToSign, privateKey, algorithm)
      } catch (cause) {
        throw new RolesAnywhereError('ERR_RA_SIGNING_FAILED', 'the private key could not sign', {
          cause,
          hint: 'check the key with the command `openssl pkey -check`, or have a new one made',
        })
      }
    },
  }
}

const signAsync = promisify<string, Uint8Array, Parameters<typeof sign>[2], Buffer>(sign)

async function signatureOver(
  message: Uint8Array,
  key: KeyObject,
  algorithm: SignatureAlgorithm,
): Promise<Uint8Array> {
  if (algorithm.hash === undefined) return signMlDsa(key, message)
  const encoding =
    algorithm.keyType === 'rsa'
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { dsaEncoding: 'der' as const }
  return signAsync(algorithm.hash, message, { key, ...encoding })
}
