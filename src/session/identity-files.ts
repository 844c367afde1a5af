import { type ErrorCode, RolesAnywhereError } from '../errors.js'
import type { TokenContents } from '../pkcs11/read-token.js'
import { isPkcs11Uri } from '../pkcs11/uri.js'
import { Secret } from '../secret.js'
import type { Identity } from '../x509/identity.js'
import { type IdentityInput, type NamedBytes, readIdentity } from '../x509/read-identity.js'
import { type BoundedFile, readBounded } from './read-bounded.js'
import { isTextForPath, missingFileHint } from './text-for-path.js'

/** No certificate, key or chain file is larger than this. */
const MAX_FILE_BYTES = 1024 * 1024

/**
 * Where certificate and key come from. Each is a path, or `env:NAME` for PEM held in a variable;
 * certificate and private key may also be `pkcs11:` URIs.
 */
export interface IdentityFiles {
  readonly certificate: string
  /** Default: the certificate's own file. */
  readonly privateKey?: string
  readonly intermediates?: string
  /** File with the passphrase; one line feed at its end does not count. */
  readonly passphraseFile?: string
  /** The passphrase itself; a passphrase file wins. */
  readonly passphrase?: Secret
  /** PKCS#11 module for `pkcs11:` URIs. Default: `module-path` of the URI, else p11-kit. */
  readonly pkcs11Library?: string
  /** File with the PIN of the token; `pin-source` of the URI wins. */
  readonly pkcs11PinFile?: string
  /** The PIN itself; a file wins. */
  readonly pkcs11Pin?: Secret
}

/** The environment that `env:NAME` sources are looked up in. */
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads certificate, private key and chain.
 *
 * @param env Looked at for `env:NAME` sources.
 * @throws RolesAnywhereError of kind `identity`, naming the file and what is wrong with it.
 */
export async function loadIdentity(files: IdentityFiles, env: Environment): Promise<Identity> {
  return readIdentity(await readIdentityFiles(files, env))
}

/**
 * Reads the files of an identity without looking into them.
 *
 * @param locate Says where a path leads; messages name the path as it was given.
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_UNREADABLE` or `ERR_RA_KEY_UNREADABLE`, and for a
 *   token whatever reading it throws.
 */
export async function readIdentityFiles(
  files: IdentityFiles,
  env: Environment,
  locate: (path: string) => string = (path) => path,
): Promise<IdentityInput> {
  const read = (what: string, source: string, code: ErrorCode): NamedBytes => {
    if (isTextForPath(source)) throw textForPath(what, code)
    const name = `${what} "${source}"`
    if (!source.startsWith('env:')) return { name, bytes: readFile(locate(source), name, code) }
    const value = env[source.slice('env:'.length)]
    if (value) return { name, bytes: Buffer.from(value) }
    throw new RolesAnywhereError(code, `${name}: the environment variable is not set`, {
      hint: 'set it to the PEM text, or give a path without env:',
    })
  }
  const { privateKey, intermediates, passphraseFile } = files
  const passphrase =
    passphraseFile === undefined
      ? files.passphrase
      : passphraseIn(read('passphrase file', passphraseFile, 'ERR_RA_KEY_UNREADABLE'))
  const key =
    privateKey === undefined || isPkcs11Uri(privateKey)
      ? undefined
      : read('private key', privateKey, 'ERR_RA_KEY_UNREADABLE')
  const chain =
    intermediates === undefined
      ? undefined
      : read('intermediates', intermediates, 'ERR_RA_CERTIFICATE_UNREADABLE')
  const onToken = await fromToken(files, (pinFile) =>
    passphraseIn(read('PIN file', pinFile, 'ERR_RA_KEY_UNREADABLE')),
  )
  return {
    ...(key && { privateKey: key }),
    ...(chain && { intermediates: chain }),
    certificate:
      onToken.certificate ??
      read('certificate', files.certificate, 'ERR_RA_CERTIFICATE_UNREADABLE'),
    ...(onToken.privateKey && { privateKey: onToken.privateKey }),
    ...(passphrase && { passphrase }),
  }
}

/** What lies in a token; the modules for that are not loaded when everything is in files. */
async function fromToken(
  files: IdentityFiles,
  readPinFile: (path: string) => Secret,
): Promise<TokenContents> {
  const { certificate, privateKey, pkcs11Library: library, pkcs11PinFile, pkcs11Pin } = files
  if (!isPkcs11Uri(certificate) && !isPkcs11Uri(privateKey ?? '')) return {}
  const { readToken } = await import('../pkcs11/read-token.js')
  const sources = {
    certificate,
    ...(privateKey !== undefined && { privateKey }),
    ...(library !== undefined && { library }),
  }
  return readToken(sources, (source = pkcs11PinFile) =>
    source === undefined ? pkcs11Pin : readPinFile(source),
  )
}

function textForPath(what: string, code: ErrorCode): RolesAnywhereError {
  return new RolesAnywhereError(code, `${what}: the setting holds text, not a path`, {
    hint: 'put the text, PEM, into a variable of its own, and name that one as env:NAME',
  })
}

/** Without what editors add: a byte order mark and a line feed at the end. */
function passphraseIn({ bytes }: NamedBytes): Secret {
  return new Secret(
    Buffer.from(bytes)
      .toString('utf8')
      .replace(/^\uFEFF|\r?\n$/g, ''),
  )
}

function readFile(path: string, name: string, code: ErrorCode): Uint8Array {
  const read = attempt(path, name, code)
  if ('bytes' in read) return read.bytes
  if (read.problem === 'folder') {
    throw new RolesAnywhereError(code, `${name} is a folder`, {
      hint: 'name the file in it, for example tls.crt or tls.key',
    })
  }
  if (read.problem === 'silent pipe') {
    throw new RolesAnywhereError(code, `${name} is a pipe that nobody writes to`, {
      hint: 'check the path, or the command that should write to the pipe',
    })
  }
  throw new RolesAnywhereError(code, `${name} is larger than ${MAX_FILE_BYTES} bytes`, {
    hint: 'check the path: certificates and keys are a few kilobytes',
  })
}

function attempt(path: string, name: string, code: ErrorCode): BoundedFile {
  try {
    return readBounded(path, MAX_FILE_BYTES)
  } catch (cause) {
    throw unreadable({ path, name }, code, cause)
  }
}

function unreadable(
  { path, name }: { readonly path: string; readonly name: string },
  code: ErrorCode,
  cause: unknown,
): RolesAnywhereError {
  const reason = (cause as NodeJS.ErrnoException).code
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    return new RolesAnywhereError(code, `${name} does not exist`, {
      cause,
      hint: missingFileHint(path),
    })
  }
  if (reason === 'EACCES' || reason === 'EPERM') {
    return new RolesAnywhereError(code, `${name} may not be read by this user`, {
      cause,
      hint: 'check owner and mode of the file; in a pod, set fsGroup',
    })
  }
  return new RolesAnywhereError(code, `${name} cannot be read (${reason ?? 'unknown error'})`, {
    cause,
    hint: 'check the file and the file system that it is on',
  })
}
