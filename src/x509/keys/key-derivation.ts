import { createHash, type ScryptOptions, hash, pbkdf2, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { Secret } from '../../secret.js'

/** Iterations of PBKDF2 that one file may ask for in all, some seconds' worth. */
export const MAX_ITERATIONS = 10_000_000

/** Iterations of the PKCS#12 derivation that one file may ask for in all. */
export const MAX_PKCS12_ITERATIONS = 1_000_000

// 256 MiB and about two seconds. OpenSSL's own default needs 16 MiB, and it refuses above 32 MiB.
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024
const MAX_SCRYPT_COST = 2 ** 22
const SCRYPT_WEIGHT = MAX_ITERATIONS / MAX_SCRYPT_COST

/** The PKCS#12 derivation runs in JavaScript, on the event loop, so each iteration costs more. */
const PKCS12_WEIGHT = MAX_ITERATIONS / MAX_PKCS12_ITERATIONS

/** What one file may still ask of us, so that a hostile file cannot keep the process busy. */
export class DerivationBudget {
  #left = MAX_ITERATIONS

  /** Takes iterations off the budget. `fail` is told when there are not enough left. */
  spend(iterations: number, fail: (problem: string) => never, weight = 1): void {
    if (iterations < 1) fail('asks for less than one iteration of key derivation')
    this.#left -= iterations * weight
    if (this.#left < 0) {
      const most = MAX_ITERATIONS / weight
      fail(`asks for too much key derivation: this file may have ${most} iterations`)
    }
  }
}

/** Turns a passphrase into so many bytes of key. */
export type Derivation = (passphrase: Secret | undefined, keyBytes: number) => Promise<Buffer>

/** Whether there is a passphrase; an empty one counts as none, as an empty setting does. */
export const isGiven = (passphrase: Secret | undefined): passphrase is Secret =>
  passphrase !== undefined && passphrase.reveal() !== ''

const pbkdf2Async = promisify(pbkdf2)
const scryptAsync = promisify<Buffer, Buffer, number, ScryptOptions, Buffer>(scrypt)

const utf8 = (passphrase: Secret | undefined): Buffer =>
  Buffer.from(passphrase?.reveal() ?? '', 'utf8')

/**
 * PBKDF2, on the thread pool.
 *
 * @param digest Name of the hash under the HMAC, as `node:crypto` knows it.
 * @see https://www.rfc-editor.org/rfc/rfc8018#section-5.2
 */
export const pbkdf2Derivation =
  (salt: Uint8Array, iterations: number, digest: string): Derivation =>
  async (passphrase, keyBytes) =>
    pbkdf2Async(utf8(passphrase), salt, iterations, keyBytes, digest)

/**
 * scrypt, on the thread pool.
 *
 * @param fail told when the parameters ask for more than 256 MiB of memory or some seconds of time.
 * @see https://www.rfc-editor.org/rfc/rfc7914
 */
export function scryptDerivation(
  salt: Uint8Array,
  cost: { readonly N: number; readonly r: number; readonly p: number },
  budget: DerivationBudget,
  fail: (problem: string) => never,
): Derivation {
  const { N, r, p } = cost
  if (128 * N * r > MAX_SCRYPT_BYTES || N * r * p > MAX_SCRYPT_COST) {
    return fail('asks scrypt for more memory or time than is allowed (256 MiB, N·r·p of 4194304)')
  }
  budget.spend(N * r * p, fail, SCRYPT_WEIGHT)
  return async (passphrase, keyBytes) =>
    scryptAsync(utf8(passphrase), Buffer.from(salt), keyBytes, {
      ...cost,
      maxmem: 2 * MAX_SCRYPT_BYTES,
    })
}

/** What a PKCS#12 derivation is for; the number goes into the hash. */
export const PKCS12_PURPOSE = { key: 1, iv: 2, mac: 3 } as const

/**
 * The derivation of PKCS#12 itself, which PBES1 ciphers and the container's MAC use.
 *
 * @param digest Name of the hash, as `node:crypto` knows it.
 * @param spend told the iterations of each derivation before it starts.
 * @see https://www.rfc-editor.org/rfc/rfc7292#appendix-B.2
 */
export function pkcs12Derivation(
  settings: { readonly salt: Uint8Array; readonly iterations: number; readonly digest: string },
  purpose: (typeof PKCS12_PURPOSE)[keyof typeof PKCS12_PURPOSE],
): Derivation {
  const { salt, iterations, digest } = settings
  const blockBytes = /^sha(384|512)/.test(digest) ? 128 : 64
  return async (passphrase, keyBytes) => {
    const input = Buffer.concat([
      repeated(salt, blockBytes),
      repeated(bmpString(passphrase), blockBytes),
    ])
    const diversifier = Buffer.alloc(blockBytes, purpose)
    let key = Buffer.alloc(0)
    for (;;) {
      let block = hash(digest, Buffer.concat([diversifier, input]), 'buffer')
      for (let round = 1; round < iterations; round++) block = hash(digest, block, 'buffer')
      key = Buffer.concat([key, block])
      if (key.length >= keyBytes) return key.subarray(0, keyBytes)
      const addend = repeated(block, blockBytes).subarray(0, blockBytes)
      for (let at = 0; at < input.length; at += blockBytes) {
        addOneMore(input.subarray(at, at + blockBytes), addend)
      }
    }
  }
}

/** Spends what {@link pkcs12Derivation} will cost for a key of up to three hash blocks. */
export function spendPkcs12(
  budget: DerivationBudget,
  iterations: number,
  fail: (problem: string) => never,
): void {
  budget.spend(iterations, fail, PKCS12_WEIGHT)
}

/**
 * The derivation of encrypted PEM before PKCS#8: MD5, once, with the start of the IV as the salt.
 *
 * @see https://docs.openssl.org/3.0/man3/EVP_BytesToKey/
 */
export const legacyPemDerivation =
  (iv: Uint8Array): Derivation =>
  async (passphrase, keyBytes) => {
    const secret = utf8(passphrase)
    const blocks: Buffer[] = []
    while (blocks.length * 16 < keyBytes) {
      const previous = blocks.at(-1) ?? Buffer.alloc(0)
      const md5 = createHash('md5').update(previous).update(secret).update(iv.subarray(0, 8))
      blocks.push(md5.digest())
    }
    return Buffer.concat(blocks).subarray(0, keyBytes)
  }

/** UTF-16, big-endian, with a final NUL; nothing at all where there is no passphrase. */
function bmpString(passphrase: Secret | undefined): Buffer {
  if (!passphrase) return Buffer.alloc(0)
  return Buffer.from(`${passphrase.reveal()}\0`, 'utf16le').swap16()
}

/** The bytes over and over, up to the next whole number of blocks. */
function repeated(bytes: Uint8Array, blockBytes: number): Buffer {
  if (bytes.length === 0) return Buffer.alloc(0)
  return Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes)
}

/** `block = block + addend + 1`, big-endian, overflow dropped. */
function addOneMore(block: Buffer, addend: Buffer): void {
  let carry = 1
  for (let at = block.length - 1; at >= 0; at--) {
    const sum = block.readUInt8(at) + addend.readUInt8(at) + carry
    block.writeUInt8(sum & 0xff, at)
    carry = sum >> 8
  }
}
