import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../src/secret.js'
import type { NamedBytes } from '../../src/x509/named-bytes.js'

/** Folder of the committed throw-away certificates; `certs/README.md` says what is true of each. */
export const CERTS = fileURLToPath(new URL('../../certs/test/', import.meta.url))

/** The passphrase of every encrypted file among them. */
export const PASSPHRASE = new Secret('pässphrase ✓')

/** An instant at which all the good ones are valid. */
export const AT = new Date('2026-01-01T00:00:00Z')

/** Path of one file, for example `ec-p256.pem`. */
export const certPath = (file: string): string => `${CERTS}${file}`

/** Bytes of one file. */
export const readCert = (file: string): Buffer => readFileSync(certPath(file))

/** One file as `readIdentity` takes it. */
export const namedCert = (file: string, what = 'certificate'): NamedBytes => ({
  name: `${what} "${file}"`,
  bytes: readCert(file),
})
