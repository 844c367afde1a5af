import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.js'
import { certPath, readCert } from './certs.js'

/** The names of everything that the emulator of the tests knows. */
export const ARNS = {
  trustAnchor:
    'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/11111111-2222-4333-8444-555555555555',
  profile:
    'arn:aws:rolesanywhere:eu-central-1:123456789012:profile/66666666-7777-4888-9999-000000000000',
  role: 'arn:aws:iam::123456789012:role/app',
  reports: 'arn:aws:iam::123456789012:role/reports',
} as const

/** An emulator that trusts the test certificates' root, with two roles and two buckets. */
export async function startAws(more: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  return createEmulator({
    state: {
      trustAnchors: [{ arn: ARNS.trustAnchor, certificate: readCert('root.pem').toString() }],
      profiles: [{ arn: ARNS.profile, roleArns: [ARNS.role, ARNS.reports] }],
      roles: [{ arn: ARNS.role }, { arn: ARNS.reports }],
      buckets: [{ name: 'invoices' }, { name: 'receipts' }],
    },
    ...more,
  })
}

/** Flags that name what to ask for and where. */
export const targetFlags = (endpoint: string): string[] => [
  '--trust-anchor-arn',
  ARNS.trustAnchor,
  '--profile-arn',
  ARNS.profile,
  '--role-arn',
  ARNS.role,
  '--endpoint',
  endpoint,
]

/** Flags of a good identity. */
export const IDENTITY_FLAGS: readonly string[] = [
  '--certificate',
  certPath('ec-p256.pem'),
  '--private-key',
  certPath('ec-p256.key.pem'),
]
