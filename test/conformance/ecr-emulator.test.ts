import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import type { PolicyDocument } from '../../src/emulator/state/document.js'
import { ACCOUNT, awsRequest, REGION, ROLE_ARN } from '../support/emulator-client.js'
import { sessionKeys, stateFor, withEmulator } from '../support/emulator-fixture.js'
import { createLeaf, createRoot, type TestIdentity } from '../support/emulator-pki.js'
import { type RawResponse, sendRaw } from '../support/raw-http.js'

const OTHER = '210987654321'
const ACTION = 'ecr:ListImages'

/** The registry as the emulator plays it: other accounts, other regions, the public gallery. */
describe('the registry of the emulator', () => {
  let root: TestIdentity
  let leaf: TestIdentity

  before(async () => {
    root = await createRoot()
    leaf = await createLeaf(root)
  })

  async function token(aws: Emulator, region = REGION, target = PRIVATE): Promise<RawResponse> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
    const service = target === PRIVATE ? 'ecr' : 'ecr-public'
    const call = { service, method: 'POST', region, headers, body: '{}' }
    return sendRaw(aws.port, awsRequest(await sessionKeys(aws, leaf), call))
  }
  const PRIVATE = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken'
  const PUBLIC = 'SpencerFrontendService.GetAuthorizationToken'

  async function tags(aws: Emulator, account: string, region = REGION): Promise<RawResponse> {
    const { body } = await token(aws, region)
    const { authorizationData } = JSON.parse(body) as {
      authorizationData: { authorizationToken: string }[]
    }
    const authorization = `Basic ${authorizationData[0]?.authorizationToken}`
    const host = `${account}.dkr.ecr.${REGION}.amazonaws.com`
    const headers = [
      ['host', host],
      ['authorization', authorization],
    ] as const
    return sendRaw(aws.port, { method: 'GET', target: '/v2/app/tags/list', headers, body: '' })
  }

  const world = (policy?: object, role: object = {}, own?: object) => ({
    state: stateFor(root, {
      role,
      world: {
        repositories: [
          {
            name: 'app',
            account: ACCOUNT,
            region: REGION,
            tags: ['own'],
            ...(own && { policy: own as PolicyDocument }),
          },
          {
            name: 'app',
            account: OTHER,
            region: REGION,
            tags: ['shared'],
            ...(policy && { policy: policy as PolicyDocument }),
          },
        ],
      },
    }),
  })
  const policy = (Principal: unknown, Effect = 'Allow', Action = ACTION): object => ({
    Statement: [{ Effect, Principal, Action }],
  })

  it('has the registry of each account under its own host', async () => {
    await withEmulator(world(policy('*')), async (aws) => {
      expect((await tags(aws, ACCOUNT)).body).to.include('own')
      expect((await tags(aws, OTHER)).body).to.include('shared')
    })
  })

  for (const [what, document, status] of [
    ['without a policy', undefined, 403],
    ['for everybody', policy('*'), 200],
    ['for the account', policy({ AWS: ACCOUNT }), 200],
    ['for the root of the account', policy({ AWS: `arn:aws:iam::${ACCOUNT}:root` }), 200],
    ['for the role', policy({ AWS: [ROLE_ARN] }), 200],
    ['for another role', policy({ AWS: `${ROLE_ARN}x` }), 403],
    ['for another action', policy('*', 'Allow', 'ecr:BatchGetImage'), 403],
    ['against the role', policy({ AWS: ROLE_ARN }, 'Deny'), 403],
  ] as const) {
    it(`answers ${status} for a repository of another account ${what}`, async () => {
      await withEmulator(world(document), async (aws) => {
        const answer = await tags(aws, OTHER)
        expect(answer.status, answer.body).to.equal(status)
        if (status === 403) expect(answer.body).to.include(ACTION).and.include('resource-based')
      })
    })
  }

  for (const [what, document, status] of [
    ['that lets somebody else in', policy({ AWS: OTHER }), 200],
    ['that denies it to the role', policy({ AWS: ROLE_ARN }, 'Deny'), 403],
  ] as const) {
    it(`answers ${status} for a repository of its own account with a policy ${what}`, async () => {
      await withEmulator(world(undefined, {}, document), async (aws) => {
        expect((await tags(aws, ACCOUNT)).status).to.equal(status)
      })
    })
  }

  it('asks the conditions of a policy of a repository about the session', async () => {
    const shared = (Condition: object): object => ({
      Statement: [{ Effect: 'Allow', Principal: '*', Action: ACTION, Condition }],
    })
    for (const [account, status] of [
      [ACCOUNT, 200],
      [OTHER, 403],
    ] as const) {
      const Condition = { StringEquals: { 'aws:PrincipalAccount': account } }
      await withEmulator(world(shared(Condition)), async (aws) => {
        expect((await tags(aws, OTHER)).status).to.equal(status)
      })
    }
  })

  it("wants the role's own permission for another account's repository, too", async () => {
    const statement = { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' }
    const role = { policies: [{ Statement: [statement] }] }
    await withEmulator(world(policy('*'), role), async (aws) => {
      const answer = await tags(aws, OTHER)
      expect(answer.status).to.equal(403)
      expect(answer.body).to.include('identity-based')
    })
  })

  it('takes a password only in its own region', async () => {
    await withEmulator(world(), async (aws) => {
      expect((await tags(aws, ACCOUNT, 'us-west-2')).status).to.equal(401)
    })
  })

  it('answers for the public gallery with one object, signed for us-east-1', async () => {
    await withEmulator(world(), async (aws) => {
      const { status, body } = await token(aws, 'us-east-1', PUBLIC)
      expect(status).to.equal(200)
      const { authorizationData } = JSON.parse(body) as { authorizationData: object }
      expect(Object.keys(authorizationData).sort()).to.deep.equal([
        'authorizationToken',
        'expiresAt',
      ])
    })
  })

  it('wants two permissions for the public gallery', async () => {
    const allow = (...Action: string[]) => ({
      policies: [{ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] }],
    })
    for (const [role, status] of [
      [allow('ecr-public:GetAuthorizationToken'), 400],
      [allow('sts:GetServiceBearerToken'), 400],
      [allow('ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'), 200],
    ] as const) {
      await withEmulator(world(undefined, role), async (aws) => {
        expect((await token(aws, 'us-east-1', PUBLIC)).status).to.equal(status)
      })
    }
  })
})
