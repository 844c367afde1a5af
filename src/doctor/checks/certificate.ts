import type { X509Certificate } from 'node:crypto'
import { RolesAnywhereError } from '../../errors.js'
import { Secret } from '../../secret.js'
import { type IdentityFiles, loadIdentity } from '../../session/identity-files.js'
import { certificateFacts } from '../../x509/certificate-facts.js'
import { CERTIFICATE_RULES } from '../../x509/check-identity.js'
import type { Identity } from '../../x509/identity.js'
import { readCertificates, readIdentity, readPrivateKeys } from '../../x509/read-identity.js'
import { type Check, check, type Outcome, type World } from '../check.js'
import { failedBy, ok, skipped } from '../finding.js'
import {
  describeKey,
  judgeExtendedKeyUsage,
  judgeKey,
  judgeLife,
  judgeSerial,
  publicKeyOf,
} from '../judgements/certificate.js'
import type { SettingsView } from '../settings-view.js'

const readable = check({
  id: 'certificate.readable',
  needs: ['certificateFile'],
  gives: ['certificates', 'certificate', 'certificateFacts'],
  async run({ certificateFile, passphrase }) {
    return orFailed(async () => {
      const certificates = await readCertificates(certificateFile, passphrase)
      const certificate = likeliest(certificates)
      const { name } = certificateFile
      const { subject, issuer, serialNumber, ...facts } = certificateFacts(certificate, name)
      const more = certificates.length > 1 ? `, and ${certificates.length - 1} more` : ''
      return {
        finding: ok(`"${subject}", serial number ${serialNumber}, issued by "${issuer}"${more}`, {
          subject,
          issuer,
          serialNumber,
          certificates: certificates.length,
          fingerprintSha256: certificate.fingerprint256,
        }),
        facts: {
          certificates,
          certificate,
          certificateFacts: { subject, issuer, serialNumber, ...facts },
        },
      }
    })
  },
})

/** Until the key tells: the one that issued none of the others. */
function likeliest(certificates: readonly X509Certificate[]): X509Certificate {
  const issuedNone = certificates.find(
    (entry) => !certificates.some((other) => other !== entry && other.checkIssued(entry)),
  )
  const [first] = certificates
  const found = issuedNone ?? first
  if (found) return found
  // The reader has thrown already: a file without certificates is an error of its own.
  throw new RolesAnywhereError('ERR_RA_CERTIFICATE_MISSING', 'the file holds no certificate')
}

const privateKey = check({
  id: 'certificate.private-key',
  needs: ['keyFile'],
  gives: [],
  async run({ keyFile, certificateFile, passphrase }) {
    const file = keyFile ?? certificateFile
    if (!file) return {}
    return orFailed(async () => {
      const [key, ...more] = await readPrivateKeys(file, passphrase, keyFile !== null)
      if (!key) return {}
      const several = more.length > 0 ? `, and ${more.length} more` : ''
      return { finding: ok(`${describeKey(key)}${several}`, { keys: 1 + more.length }) }
    })
  },
})

const keyMatch = check({
  id: 'certificate.key-match',
  needs: ['settings'],
  gives: ['identity', 'certificate', 'certificateFacts'],
  async run({ settings, keyFile, certificateFile, passphrase }, { env }) {
    const sources = [settings.value('certificate'), settings.value('privateKey')]
    const inToken = sources.some((source) => source?.startsWith('pkcs11:'))
    if (!inToken && (keyFile === undefined || certificateFile === undefined)) return UNKNOWN
    return orFailed(
      async () => {
        const identity =
          certificateFile && keyFile !== undefined
            ? await readIdentity({
                certificate: certificateFile,
                ...(keyFile && { privateKey: keyFile }),
                ...(passphrase && { passphrase }),
              })
            : await loadIdentity(tokenFiles(settings, passphrase, env), env)
        return matched(identity)
      },
      inToken ? undefined : onlyMismatch,
    )
  },
})

const UNKNOWN: Outcome = { finding: skipped('means nothing without both files') }

/** As every command reads them, for what lies in a token. */
function tokenFiles(
  settings: SettingsView,
  passphrase: Secret | undefined,
  env: World['env'],
): IdentityFiles {
  const privateKey = settings.value('privateKey')
  const pkcs11Library = settings.value('pkcs11Library')
  const pkcs11PinFile = settings.value('pkcs11PinFile')
  const pin = env['ROLESANYWHERE_PKCS11_PIN']
  return {
    certificate: settings.value('certificate') ?? '',
    ...(privateKey !== undefined && { privateKey }),
    ...(passphrase && { passphrase }),
    ...(pkcs11Library !== undefined && { pkcs11Library }),
    ...(pkcs11PinFile !== undefined && { pkcs11PinFile }),
    ...(pin && { pkcs11Pin: new Secret(pin) }),
  }
}

function matched(identity: Identity): Outcome {
  const { certificate } = identity
  const facts = certificateFacts(certificate)
  return {
    finding: ok(`the private key belongs to "${facts.subject}"`, { subject: facts.subject }),
    facts: { identity, certificate, certificateFacts: facts },
  }
}

/** What is wrong with either file by itself has been said by the checks before. */
const onlyMismatch = (error: RolesAnywhereError): boolean => error.code === 'ERR_RA_KEY_MISMATCH'

/** Id of each rule of the service, and what is said of a certificate that keeps it. */
const RULES: readonly (readonly [
  word: string,
  rule: keyof typeof CERTIFICATE_RULES,
  kept: (facts: ReturnType<typeof certificateFacts>) => string,
])[] = [
  ['version', 'version', ({ version }) => `version ${version}`],
  ['subject', 'subject', ({ subject }) => `"${subject}"`],
  ['end-entity', 'endEntity', () => 'not a CA certificate'],
  ['key-usage', 'keyUsage', ({ keyUsage = [] }) => keyUsage.join(', ')],
  ['signature-hash', 'signatureHash', ({ signatureHash }) => signatureHash.name],
  ['validity', 'validity', ({ notBefore, notAfter }) => `${day(notBefore)} to ${day(notAfter)}`],
]

const day = (instant: Date): string => instant.toISOString()

const rules = RULES.map(([word, rule, kept]) =>
  check({
    id: `certificate.${word}`,
    needs: ['certificateFacts'],
    run({ certificateFacts: facts }, { clock }) {
      const name = `certificate "${facts.subject}" (serial number ${facts.serialNumber})`
      try {
        CERTIFICATE_RULES[rule](facts, name, clock.now())
        return { finding: ok(kept(facts)) }
      } catch (error) {
        return { finding: failedBy(error) }
      }
    },
  }),
)

const extendedKeyUsage = check({
  id: 'certificate.extended-key-usage',
  needs: ['certificate'],
  run: ({ certificate }) => ({ finding: judgeExtendedKeyUsage(certificate.keyUsage ?? []) }),
})

const serialNumber = check({
  id: 'certificate.serial-number',
  needs: ['certificate'],
  run: ({ certificate }) => ({ finding: judgeSerial(certificate.serialNumber) }),
})

const key = check({
  id: 'certificate.key',
  needs: ['certificate', 'certificateFacts'],
  run: ({ certificate, certificateFacts: { keyType } }) => ({
    finding: judgeKey(keyType, publicKeyOf(certificate)),
  }),
})

const life = check({
  id: 'certificate.life',
  needs: ['certificateFacts', 'settings'],
  run({ certificateFacts: facts, settings }, { clock }) {
    const sessionMs = (settings.value('sessionDurationSeconds') ?? 3600) * 1000
    return { finding: judgeLife(facts, clock.now(), sessionMs) }
  },
})

/** The end-entity certificate, its key, and every rule of the service that it must keep. */
export const CERTIFICATE_CHECKS: readonly Check[] = [
  readable,
  privateKey,
  keyMatch,
  ...rules,
  extendedKeyUsage,
  key,
  serialNumber,
  life,
]

/** Runs a step whose own errors are findings; `tell` says of which something is to be said. */
export async function orFailed(
  step: () => Promise<Outcome>,
  tell: (error: RolesAnywhereError) => boolean = () => true,
): Promise<Outcome> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof RolesAnywhereError)) throw error
    return tell(error) ? { finding: failedBy(error) } : UNKNOWN
  }
}
