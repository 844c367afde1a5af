/** A cipher that `node:crypto` can undo, or the name of one that it cannot. */
export interface PbeCipher {
  /** As OpenSSL names it, for messages. */
  readonly name: string
  /** As `node:crypto` names it; absent where it has no such cipher. */
  readonly node?: string
}

type Row = readonly [oid: string, cipher: PbeCipher]

const opened = (oid: string, name: string): Row => [oid, { name, node: name }]
const unopened = (oid: string, name: string): Row => [oid, { name }]

/** The three key sizes of a cipher times its modes; `arcs` gives the last arc of each size. */
const family = (
  cipher: string,
  base: string,
  arcs: Readonly<Record<string, readonly [bits128: number, bits192: number, bits256: number]>>,
): Row[] =>
  Object.entries(arcs).flatMap(([mode, last]) =>
    [128, 192, 256].map((bits, size) =>
      opened(`${base}.${last[size]}`, `${cipher}-${bits}-${mode}`),
    ),
  )

/**
 * Ciphers of PBES2 by object identifier: all that OpenSSL 3 writes, its legacy provider included.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8018#appendix-B.2
 */
export const PBES2_CIPHERS: ReadonlyMap<string, PbeCipher> = new Map([
  ...family('aes', '2.16.840.1.101.3.4.1', {
    ecb: [1, 21, 41],
    cbc: [2, 22, 42],
    ofb: [3, 23, 43],
    cfb: [4, 24, 44],
  }),
  ...family('aria', '1.2.410.200046.1.1', {
    ecb: [1, 6, 11],
    cbc: [2, 7, 12],
    cfb: [3, 8, 13],
    ofb: [4, 9, 14],
    ctr: [5, 10, 15],
  }),
  ...family('camellia', '1.2.392.200011.61.1.1.1', { cbc: [2, 3, 4] }),
  ...family('camellia', '0.3.4401.5.3.1.9', {
    ecb: [1, 21, 41],
    ofb: [3, 23, 43],
    cfb: [4, 24, 44],
    ctr: [9, 29, 49],
  }),
  opened('1.2.840.113549.3.7', 'des-ede3-cbc'),
  opened('1.2.156.10197.1.104.1', 'sm4-ecb'),
  opened('1.2.156.10197.1.104.2', 'sm4-cbc'),
  opened('1.2.156.10197.1.104.3', 'sm4-ofb'),
  opened('1.2.156.10197.1.104.4', 'sm4-cfb'),
  opened('1.2.156.10197.1.104.7', 'sm4-ctr'),
  opened('1.3.14.3.2.17', 'des-ede'),
  unopened('1.3.14.3.2.6', 'des-ecb'),
  unopened('1.3.14.3.2.7', 'des-cbc'),
  unopened('1.3.14.3.2.8', 'des-ofb'),
  // OpenSSL writes the CFB modes of triple DES under this identifier too, so nobody can read them.
  unopened('1.3.14.3.2.9', 'des-cfb'),
  unopened('1.2.840.113549.3.2', 'rc2-cbc'),
  unopened('1.2.840.113549.3.4', 'rc4'),
  unopened('1.2.840.113533.7.66.10', 'cast5-cbc'),
  unopened('1.3.6.1.4.1.3029.1.2', 'bf-cbc'),
  unopened('1.2.410.200004.1.3', 'seed-ecb'),
  unopened('1.2.410.200004.1.4', 'seed-cbc'),
  unopened('1.2.410.200004.1.5', 'seed-cfb'),
  unopened('1.2.410.200004.1.6', 'seed-ofb'),
])

/**
 * Hashes under the HMAC of PBKDF2 by object identifier, as `node:crypto` names them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8018#appendix-B.1.2
 */
export const HMAC_DIGESTS: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.6', 'md5'],
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
  ['1.2.840.113549.2.12', 'sha512-224'],
  ['1.2.840.113549.2.13', 'sha512-256'],
  ['2.16.840.1.101.3.4.2.13', 'sha3-224'],
  ['2.16.840.1.101.3.4.2.14', 'sha3-256'],
  ['2.16.840.1.101.3.4.2.15', 'sha3-384'],
  ['2.16.840.1.101.3.4.2.16', 'sha3-512'],
  ['1.2.156.10197.1.401.3.1', 'sm3'],
])

/** A one-piece scheme: the derivation of PKCS#12 with SHA-1, and a cipher. */
export interface Pbes1Scheme extends PbeCipher {
  readonly keyBytes: number
  /** Effective bits of RC2, which only the reader of PKCS#12 files can undo. */
  readonly rc2Bits?: number
}

/**
 * Schemes of PKCS#12 and of PKCS#5 version 1.5 by object identifier.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7292#appendix-C
 * @see https://www.rfc-editor.org/rfc/rfc8018#appendix-A.3
 */
export const PBES1_SCHEMES: ReadonlyMap<string, Pbes1Scheme> = new Map([
  ['1.2.840.113549.1.12.1.1', { name: 'PBE-SHA1-RC4-128', keyBytes: 16 }],
  ['1.2.840.113549.1.12.1.2', { name: 'PBE-SHA1-RC4-40', keyBytes: 5 }],
  ['1.2.840.113549.1.12.1.3', { name: 'PBE-SHA1-3DES', keyBytes: 24, node: 'des-ede3-cbc' }],
  ['1.2.840.113549.1.12.1.4', { name: 'PBE-SHA1-2DES', keyBytes: 16, node: 'des-ede3-cbc' }],
  ['1.2.840.113549.1.12.1.5', { name: 'PBE-SHA1-RC2-128', keyBytes: 16, rc2Bits: 128 }],
  ['1.2.840.113549.1.12.1.6', { name: 'PBE-SHA1-RC2-40', keyBytes: 5, rc2Bits: 40 }],
  ['1.2.840.113549.1.5.1', { name: 'PBE-MD2-DES', keyBytes: 8 }],
  ['1.2.840.113549.1.5.3', { name: 'PBE-MD5-DES', keyBytes: 8 }],
  ['1.2.840.113549.1.5.4', { name: 'PBE-MD2-RC2-64', keyBytes: 8 }],
  ['1.2.840.113549.1.5.6', { name: 'PBE-MD5-RC2-64', keyBytes: 8 }],
  ['1.2.840.113549.1.5.10', { name: 'PBE-SHA1-DES', keyBytes: 8 }],
  ['1.2.840.113549.1.5.11', { name: 'PBE-SHA1-RC2-64', keyBytes: 8 }],
])
