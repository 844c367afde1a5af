import { Buffer } from 'node:buffer'
import type { ErrorCode } from '../../errors.js'
import { Secret } from '../../secret.js'
import { isTextForPath } from '../../session/text-for-path.js'
import { trusting } from '../../session/tls-trust.js'
import type { NamedBytes } from '../../x509/named-bytes.js'
import { type Check, check, type World } from '../check.js'
import { failed, failedBy, type Finding, ok, skipped } from '../finding.js'
import { type FileRole, judgeFile } from '../judgements/file-safety.js'
import { TRUST_ANCHOR_FLAG } from '../flags.js'

interface Looked {
  readonly finding: Finding
  readonly file?: NamedBytes
}

/** Reads what a setting names, once, and judges where it lies. */
export function look(source: string, role: FileRole, { env, probes, uid }: World): Looked {
  if (isTextForPath(source)) {
    const hint = 'put the text, PEM, into a variable of its own, and name that one as env:NAME'
    return { finding: failed(role.code, `${role.what}: the setting holds text, not a path`, hint) }
  }
  const name = `${role.what} "${source}"`
  if (!source.startsWith('env:')) {
    const facts = probes.file(source)
    const finding = judgeFile(facts, role, uid)
    if (finding.status === 'failed' || !facts.bytes) return { finding }
    return { finding, file: { name, bytes: facts.bytes } }
  }
  const value = env[source.slice('env:'.length)]
  if (!value) {
    const hint = 'set it to the PEM text, or give a path without env:'
    return { finding: failed(role.code, `${name}: the environment variable is not set`, hint) }
  }
  const file = { name, bytes: Buffer.from(value) }
  return { finding: ok(`${role.what} in the environment variable ${source.slice(4)}`), file }
}

const CERTIFICATE: ErrorCode = 'ERR_RA_CERTIFICATE_UNREADABLE'
const KEY: ErrorCode = 'ERR_RA_KEY_UNREADABLE'

const inToken = (source: string): Finding | undefined =>
  source.startsWith('pkcs11:') ? ok('in a PKCS#11 token') : undefined

const certificate = check({
  id: 'files.certificate',
  needs: ['settings'],
  gives: ['certificateFile'],
  run({ settings }, world) {
    const source = settings.value('certificate')
    if (source === undefined) return { finding: skipped('none was given') }
    const token = inToken(source)
    if (token) return { finding: token }
    // Without a key file, this is the key file.
    const secret = settings.entry('privateKey') === undefined
    const role = { what: 'certificate', code: CERTIFICATE, secret }
    const { finding, file } = look(source, role, world)
    return { finding, ...(file && { facts: { certificateFile: file } }) }
  },
})

const privateKey = check({
  id: 'files.private-key',
  needs: ['settings'],
  gives: ['keyFile'],
  run({ settings }, world) {
    const source = settings.value('privateKey')
    if (source === undefined) return { facts: { keyFile: null } }
    const token = inToken(source)
    if (token) return { finding: token }
    const role = { what: 'private key', code: KEY, secret: true }
    const { finding, file } = look(source, role, world)
    return { finding, ...(file && { facts: { keyFile: file } }) }
  },
})

const intermediates = check({
  id: 'files.intermediates',
  needs: ['settings'],
  gives: ['intermediatesFile'],
  run({ settings }, world) {
    const source = settings.value('intermediates')
    if (source === undefined) return { facts: { intermediatesFile: null } }
    const role = { what: 'intermediates', code: CERTIFICATE, secret: false }
    const { finding, file } = look(source, role, world)
    return { finding, ...(file && { facts: { intermediatesFile: file } }) }
  },
})

const passphrase = check({
  id: 'files.private-key-passphrase',
  needs: ['settings'],
  gives: ['passphrase'],
  run({ settings }, world) {
    const source = settings.value('passphraseFile')
    if (source === undefined) {
      const value = world.env['ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE']
      return value ? { facts: { passphrase: new Secret(value) } } : {}
    }
    const role = { what: 'passphrase file', code: KEY, secret: true }
    const { finding, file } = look(source, role, world)
    if (!file) return { finding }
    const text = Buffer.from(file.bytes)
      .toString('utf8')
      .replace(/^\uFEFF|\r?\n$/g, '')
    return { finding, facts: { passphrase: new Secret(text) } }
  },
})

const pinFile = check({
  id: 'files.pkcs11-pin',
  needs: ['settings'],
  run({ settings }, world) {
    const source = settings.value('pkcs11PinFile')
    if (source === undefined) return {}
    return { finding: look(source, { what: 'PIN file', code: KEY, secret: true }, world).finding }
  },
})

const caBundle = check({
  id: 'files.ca-bundle',
  needs: ['settings'],
  gives: ['caBundle'],
  run({ settings }, { env, probes, uid }) {
    const path = settings.value('caBundle')
    if (path === undefined) return { facts: { caBundle: null } }
    const role = { what: 'CA bundle', code: 'ERR_RA_CA_BUNDLE_INVALID', secret: false } as const
    const facts = probes.file(path)
    const finding = judgeFile(facts, role, uid)
    if (finding.status === 'failed') return { finding }
    const pem = Buffer.from(facts.bytes ?? []).toString('utf8')
    const bundle = { name: `CA bundle "${path}"`, pem }
    try {
      trusting(bundle, env)
      return { finding, facts: { caBundle: bundle } }
    } catch (error) {
      return { finding: failedBy(error) }
    }
  },
})

const trustAnchor = check({
  id: 'files.trust-anchor-certificate',
  gives: ['anchorFile'],
  run(_known, world) {
    const source = world.flags.get(TRUST_ANCHOR_FLAG)
    if (!source) return {}
    const role = { what: 'trust anchor certificate', code: CERTIFICATE, secret: false }
    const { finding, file } = look(source, role, world)
    return { finding, ...(file && { facts: { anchorFile: file } }) }
  },
})

/** Whether every file can be read, and by whom else. */
export const FILE_CHECKS: readonly Check[] = [
  certificate,
  privateKey,
  passphrase,
  pinFile,
  intermediates,
  trustAnchor,
  caBundle,
]
