import { expect } from 'chai'
import {
  type Emulator,
  type EmulatorOptions,
  type StateDocument,
  createEmulator,
} from '../../src/emulator/index.js'
import {
  ACCOUNT,
  ANCHOR_ARN,
  NOW,
  PROFILE_ARN,
  REGION,
  ROLE_ARN,
  type SessionAnswer,
  type SessionKeys,
  type SessionRequestInit,
  sessionRequest,
} from './emulator-client.js'
import type { TestIdentity } from './emulator-pki.js'
import { sendRaw } from './raw-http.js'

/** A state in which every request of the test client is granted. */
export function stateFor(
  root: TestIdentity,
  change: {
    readonly anchor?: object
    readonly profile?: object
    readonly role?: object
    readonly world?: Partial<StateDocument>
  } = {},
): StateDocument {
  return {
    trustAnchors: [{ arn: ANCHOR_ARN, certificate: root.pem, ...change.anchor }],
    profiles: [{ arn: PROFILE_ARN, roleArns: [ROLE_ARN], ...change.profile }],
    roles: [{ arn: ROLE_ARN, ...change.role }],
    buckets: [
      { name: 'alpha', region: REGION, objects: [{ key: 'a b/c+d.txt', content: 'hello' }] },
      { name: 'beta', region: REGION },
      { name: 'gamma', region: 'us-east-1' },
    ],
    repositories: [
      { name: 'team/app', account: ACCOUNT, region: REGION, tags: ['v1', 'v2', 'v3'] },
    ],
    ...change.world,
  }
}

/** Starts an emulator for one test body, its clock pinned unless it has one, and closes it. */
export async function withEmulator<T>(
  options: EmulatorOptions,
  body: (emulator: Emulator) => Promise<T>,
): Promise<T> {
  const emulator = await createEmulator({ ...(options.clock ? {} : { at: NOW }), ...options })
  try {
    return await body(emulator)
  } finally {
    await emulator.close()
  }
}

/** Asks for a session and expects to get one. */
export async function grantedSession(
  emulator: Emulator,
  identity: TestIdentity,
  init: SessionRequestInit = {},
): Promise<SessionAnswer> {
  const response = await sendRaw(emulator.port, sessionRequest(identity, init))
  expect(response.status, emulator.requests.at(-1)?.reason ?? response.body).to.equal(201)
  return JSON.parse(response.body) as SessionAnswer
}

/** The keys of a fresh session. */
export async function sessionKeys(
  emulator: Emulator,
  identity: TestIdentity,
  init: SessionRequestInit = {},
): Promise<SessionKeys> {
  const { credentialSet } = await grantedSession(emulator, identity, init)
  const { accessKeyId, secretAccessKey, sessionToken } = credentialSet[0]!.credentials
  return { accessKeyId, secretAccessKey, sessionToken }
}
