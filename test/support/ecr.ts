import {
  createEmulator,
  type Emulator,
  type EmulatorOptions,
  type StateDocument,
} from '../../src/emulator/index.js'
import type { RepositoryDocument, RoleDocument } from '../../src/emulator/state/document.js'
import { ARNS, IDENTITY_FLAGS, targetFlags } from './aws.js'
import { readCert } from './certs.js'
import { PROGRAM } from './program.js'

export const ACCOUNT = '123456789012'
export const OTHER_ACCOUNT = '210987654321'
export const REGION = 'eu-central-1'

/** The registry of the tests' own account. */
export const HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`

/** The built program under the names that docker and the kubelet call it by. */
export const DOCKER_HELPER = PROGRAM.replace(/rolesanywhere\.cjs$/, 'docker-credential-$&')
export const KUBELET_PLUGIN = PROGRAM.replace(
  /rolesanywhere\.cjs$/,
  'rolesanywhere-ecr-credential-provider.cjs',
)

/** How a world differs from the usual one. */
export interface EcrWorld {
  readonly role?: Partial<RoleDocument>
  readonly repositories?: readonly RepositoryDocument[]
}

/** The state of an emulator with registries. */
export const ecrState = ({ role, repositories }: EcrWorld = {}): StateDocument => ({
  trustAnchors: [{ arn: ARNS.trustAnchor, certificate: readCert('root.pem').toString() }],
  profiles: [{ arn: ARNS.profile, roleArns: [ARNS.role, ARNS.reports] }],
  roles: [{ arn: ARNS.role, ...role }, { arn: ARNS.reports }],
  repositories: repositories ?? [
    { name: 'team/app', account: ACCOUNT, region: REGION, tags: ['v1', 'v2'] },
  ],
})

/** An emulator with registries. */
export async function startEcr(
  world: EcrWorld = {},
  more: Partial<EmulatorOptions> = {},
): Promise<Emulator> {
  return createEmulator({ state: ecrState(world), ...more })
}

/** What a role needs that may do nothing but this. */
export const allowing = (...actions: string[]): Partial<RoleDocument> => ({
  policies: [{ Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] }],
})

/** Flags of a good workload that reaches nothing but the emulator. */
export const ecrFlags = (url: string): string[] => [
  ...IDENTITY_FLAGS,
  ...targetFlags(url),
  '--ecr-endpoint',
  url,
  '--ecr-public-endpoint',
  url,
]

const value = (flag: string): string => IDENTITY_FLAGS[IDENTITY_FLAGS.indexOf(flag) + 1] ?? ''

/** The same as environment, for programs whose arguments belong to somebody else. */
export const ecrEnvironment = (url: string): Record<string, string> => ({
  ROLESANYWHERE_CERTIFICATE: value('--certificate'),
  ROLESANYWHERE_PRIVATE_KEY: value('--private-key'),
  ROLESANYWHERE_TRUST_ANCHOR_ARN: ARNS.trustAnchor,
  ROLESANYWHERE_PROFILE_ARN: ARNS.profile,
  ROLESANYWHERE_ROLE_ARN: ARNS.role,
  AWS_ENDPOINT_URL_ROLESANYWHERE: url,
  AWS_ENDPOINT_URL_ECR: url,
  AWS_ENDPOINT_URL_ECR_PUBLIC: url,
})

/** How often each operation was asked for. */
export function operations(aws: Emulator): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { operation } of aws.requests) counts[operation] = (counts[operation] ?? 0) + 1
  return counts
}
