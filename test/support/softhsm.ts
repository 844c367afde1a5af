import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { certPath, readCert } from './certs.js'

/** The PIN of every token made here; no other text of a test contains it. */
export const PIN = '80218021'

const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

/** The module of SoftHSM, if it is installed. */
export const SOFTHSM = LIBRARIES.find((path) => existsSync(path)) ?? ''

/** Why tests with a token cannot run here; empty when they can. */
export const WHY_NO_TOKEN = [
  SOFTHSM === '' || !installed('softhsm2-util') ? 'softhsm2' : '',
  installed('pkcs11-tool') ? '' : 'opensc',
  packageInstalled() ? '' : 'the package pkcs11js',
]
  .filter(Boolean)
  .join(', ')

/** Tokens in a folder of their own. */
export class SoftHsm {
  readonly folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-hsm-'))
  readonly pinFile = join(this.folder, 'pin')
  /** What a process needs to see these tokens and no others. */
  readonly env: Readonly<Record<string, string>>

  constructor() {
    const conf = join(this.folder, 'softhsm2.conf')
    mkdirSync(join(this.folder, 'tokens'))
    writeFileSync(
      conf,
      `directories.tokendir = ${join(this.folder, 'tokens')}\nlog.level = ERROR\n`,
    )
    writeFileSync(this.pinFile, `${PIN}\n`, { mode: 0o600 })
    this.env = { SOFTHSM2_CONF: conf }
  }

  addToken(label: string): void {
    const pins = ['--pin', PIN, '--so-pin', '00000000']
    this.#run('softhsm2-util', ['--init-token', '--free', '--label', label, ...pins])
  }

  /** Puts one of the test keys on a token. */
  addKey(token: string, kind: string, id = '01', label = kind): void {
    const object = ['--token', token, '--pin', PIN, '--id', id, '--label', label]
    this.#run('softhsm2-util', ['--import', certPath(`${kind}.key.pem`), ...object])
  }

  /** Puts one of the test certificates on a token. */
  addCertificate(token: string, file: string, id = '01', label = file.replace('.pem', '')): void {
    const der = join(this.folder, 'certificate.der')
    writeFileSync(der, new X509Certificate(readCert(file)).raw)
    this.tool(token, ['--write-object', der, '--type', 'cert', '--id', id, '--label', label])
  }

  /** Runs `pkcs11-tool` on a token, logged in. */
  tool(token: string, args: readonly string[]): void {
    const login = ['--login', '--pin', PIN, '--token-label', token]
    this.#run('pkcs11-tool', ['--module', SOFTHSM, ...login, ...args])
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #run(program: string, args: readonly string[]): void {
    execFileSync(program, args, { env: { ...process.env, ...this.env }, stdio: 'pipe' })
  }
}

function installed(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(':')
  return folders.some((folder) => existsSync(join(folder, program)))
}

function packageInstalled(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js')
    return true
  } catch {
    return false
  }
}
