import { statSync } from 'node:fs'
import { readBounded } from '../session/read-bounded.js'
import type { IdentityFiles } from '../session/identity-files.js'

type Environment = Readonly<Record<string, string | undefined>>

/** No file of certificates that is worth comparing is larger. */
const MAX_FILE_BYTES = 128 * 1024

/** What of it is kept beside a session. */
const MAX_CERTIFICATES_LENGTH = 24 * 1024

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

/**
 * The certificates of a PEM file or variable as they are written there, DER in base64, neither decoded
 * nor checked: enough to tell whether it is still the same file.
 *
 * @returns `undefined` when there are none to be seen: another format, an unreadable file, a pipe, a token.
 */
export function certificateBlocks(
  { certificate }: IdentityFiles,
  env: Environment,
): readonly string[] | undefined {
  const text = readText(certificate, env)
  const blocks = [...(text ?? '').matchAll(BLOCK)].map(([, body = '']) => body.replace(/\s+/g, ''))
  const length = blocks.reduce((sum, block) => sum + block.length, 0)
  return length > 0 && length <= MAX_CERTIFICATES_LENGTH ? blocks : undefined
}

function readText(source: string, env: Environment): string | undefined {
  if (source.startsWith('env:')) return env[source.slice('env:'.length)]
  try {
    // A pipe gives its bytes once, and whoever reads the identity in earnest needs them.
    if (!statSync(source).isFile()) return undefined
    const file = readBounded(source, MAX_FILE_BYTES)
    return 'bytes' in file ? file.bytes.toString('latin1') : undefined
  } catch {
    // Whoever reads the identity in earnest says what is wrong with the file.
    return undefined
  }
}
