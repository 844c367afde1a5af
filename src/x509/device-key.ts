import type { KeyObject } from 'node:crypto'

/** A private key that stays in its device: it can be used, and it cannot be read. */
export interface DeviceKey {
  /** What messages call it. */
  readonly name: string
  readonly publicKey: KeyObject
  /**
   * Signs a message, hashing with SHA-256 included.
   *
   * @returns RSASSA-PKCS1-v1_5 bytes, or a DER ECDSA signature.
   * @throws RolesAnywhereError of kind `identity` when the device does not sign.
   */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** Tells a key in a device from one in memory. */
export const isDeviceKey = (key: object): key is DeviceKey => 'sign' in key
