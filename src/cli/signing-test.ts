import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

const TEXT = 'AWS Roles Anywhere Credential Helper Signing Test'
const VERSION = '1'

/**
 * The bytes that `sign-string` signs: a fixed text, its version, and for RSA and EC keys the SHA-256 of
 * `IAM RA` and the public key (PKCS#1, or the uncompressed point). Nothing that the service would take
 * for a request.
 *
 * @param key Private or public.
 * @see https://github.com/aws/rolesanywhere-credential-helper#sign-string
 */
export function signingTest(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const bytes = publicKeyBytes(publicKey)
  const suffix = bytes
    ? createHash('sha256').update('IAM RA').update(bytes).digest()
    : Buffer.alloc(0)
  return Buffer.concat([Buffer.from(TEXT + VERSION), suffix])
}

function publicKeyBytes(key: KeyObject): Buffer | undefined {
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'der' })
  if (key.asymmetricKeyType !== 'ec') return undefined
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
}
