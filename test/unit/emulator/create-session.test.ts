import { expect } from 'chai'
import {
  ACCOUNT,
  ANCHOR_ARN,
  PROFILE_ARN,
  REGION,
  ROLE_ARN,
  sessionRequest,
} from '../../support/emulator-client.js'
import { grantedSession, stateFor, withEmulator } from '../../support/emulator-fixture.js'
import {
  type CertificateInit,
  KEY_TYPES,
  type TestIdentity,
  createLeaf,
  createRoot,
} from '../../support/emulator-pki.js'
import { sendRaw } from '../../support/raw-http.js'

const cn = (length: number): string => 'n'.repeat(length)

describe('a session that the emulator grants', () => {
  let root: TestIdentity

  before(async () => {
    root = await createRoot({ subject: 'C=DE,O=Test,CN=Root' })
  })

  it('has the body of the service', async () => {
    const leaf = await createLeaf(root)
    await withEmulator({ state: stateFor(root) }, async (emulator) => {
      const { credentialSet, subjectArn } = await grantedSession(emulator, leaf)
      expect(credentialSet).to.have.length(1)
      const [set] = credentialSet
      expect(set?.assumedRoleUser.arn).to.equal(`arn:aws:sts::${ACCOUNT}:assumed-role/lister/1000`)
      expect(set?.assumedRoleUser.assumedRoleId).to.match(/^AROA[A-Z2-7]{17}:1000$/)
      expect(set?.credentials.accessKeyId).to.match(/^ASIA[A-Z2-7]{16}$/)
      expect(set?.credentials.secretAccessKey).to.have.length(40)
      expect(set?.credentials.expiration).to.equal('2026-06-01T13:00:00Z')
      expect(set?.packedPolicySize).to.be.within(0, 100)
      expect(set?.roleArn).to.equal(ROLE_ARN)
      expect(set?.sourceIdentity).to.equal('CN=app.test')
      const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.source
      expect(subjectArn).to.match(
        new RegExp(`^arn:aws:rolesanywhere:${REGION}:${ACCOUNT}:subject/${uuid}$`),
      )
      expect((await grantedSession(emulator, leaf)).subjectArn, 'the same again').to.equal(
        subjectArn,
      )
    })
  })

  for (const keyType of Object.keys(KEY_TYPES) as (keyof typeof KEY_TYPES)[]) {
    it(`may be signed with ${keyType}`, async () => {
      const leaf = await createLeaf(root, { keyType })
      await withEmulator({ state: stateFor(root) }, async (emulator) => {
        await grantedSession(emulator, leaf)
      })
    })
  }

  it('takes ARNs from the body, as the guide writes them', async () => {
    const leaf = await createLeaf(root)
    const body = { profileArn: PROFILE_ARN, roleArn: ROLE_ARN, trustAnchorArn: ANCHOR_ARN }
    await withEmulator({ state: stateFor(root) }, async (emulator) => {
      await grantedSession(emulator, leaf, { query: {}, body })
    })
  })

  it('takes null for a member that is absent', async () => {
    const leaf = await createLeaf(root)
    const body = { durationSeconds: null, roleSessionName: null }
    await withEmulator({ state: stateFor(root) }, async (emulator) => {
      await grantedSession(emulator, leaf, { body })
      expect(emulator.sessions[0]?.durationSeconds).to.equal(3600)
    })
  })

  it('is signed by either certificate of its trust anchor', async () => {
    const second = await createRoot({ subject: 'CN=Second' })
    const anchor = { certificate: root.pem + second.pem }
    await withEmulator({ state: stateFor(root, { anchor }) }, async (emulator) => {
      await grantedSession(emulator, await createLeaf(root))
      await grantedSession(emulator, await createLeaf(second))
    })
  })

  for (const { serial, name } of [
    { serial: '1000', name: '1000' },
    { serial: '0123', name: '123' },
    { serial: '00f0000000000000000001', name: 'f0000000000000000001' },
  ]) {
    it(`is named ${name} after serial number ${serial}`, async () => {
      const leaf = await createLeaf(root, { serial })
      await withEmulator({ state: stateFor(root) }, async (emulator) => {
        const [set] = (await grantedSession(emulator, leaf)).credentialSet
        expect(set?.assumedRoleUser.arn.split('/').at(-1)).to.equal(name)
      })
    })
  }

  it('is named by the caller where the profile accepts that', async () => {
    const leaf = await createLeaf(root)
    const profile = { acceptRoleSessionName: true }
    await withEmulator({ state: stateFor(root, { profile }) }, async (emulator) => {
      const body = { roleSessionName: 'ns.app@10.0.0.7' }
      const [set] = (await grantedSession(emulator, leaf, { body })).credentialSet
      expect(set?.assumedRoleUser.arn).to.match(/\/ns\.app@10\.0\.0\.7$/)
    })
  })

  const IDENTITIES: readonly (readonly [subject: CertificateInit['subject'], expected: string])[] =
    [
      [[{ CN: [cn(61)] }], `CN=${cn(61)}`],
      [[{ CN: [cn(62)] }], cn(62)],
      [[{ CN: [cn(64)] }], cn(64)],
      [[{ CN: ['😀'.repeat(61)] }], `CN=${'😀'.repeat(61)}`],
      [[{ O: ['Test'] }], 'ID=0123'],
    ]
  for (const [subject, expected] of IDENTITIES) {
    it(`has source identity ${expected.slice(0, 8)} (${expected.length} characters)`, async () => {
      const leaf = await createLeaf(root, { subject: subject ?? '', serial: '0123' })
      await withEmulator({ state: stateFor(root) }, async (emulator) => {
        const [set] = (await grantedSession(emulator, leaf)).credentialSet
        expect(set?.sourceIdentity).to.equal(expected)
      })
    })
  }

  for (const { asked, offered, granted } of [
    { asked: undefined, offered: undefined, granted: 3600 },
    { asked: 900, offered: 1800, granted: 900 },
    { asked: 3600, offered: 1800, granted: 1800 },
    { asked: 43_200, offered: 3600, granted: 3600 },
  ]) {
    it(`lasts ${granted} s when ${asked} is asked and the profile says ${offered}`, async () => {
      const leaf = await createLeaf(root)
      const profile = offered === undefined ? {} : { durationSeconds: offered }
      await withEmulator({ state: stateFor(root, { profile }) }, async (emulator) => {
        const body = asked === undefined ? {} : { durationSeconds: asked }
        await grantedSession(emulator, leaf, { body })
        expect(emulator.sessions[0]?.durationSeconds).to.equal(granted)
      })
    })
  }

  it('carries the certificate in its tags, as far as the profile maps it', async () => {
    const leaf = await createLeaf(root, {
      subject: [{ C: ['DE'] }, { OU: ['a'] }, { OU: ['b'] }, { CN: ['app'] }, { O: ['x<y'] }],
      alternativeNames: [
        { type: 'dns', value: 'one.test' },
        { type: 'dns', value: 'two.test' },
        { type: 'url', value: 'spiffe://test/app' },
        { type: 'dn', value: 'CN=other' },
      ],
    })
    const tagsWith = async (profile: object): Promise<Record<string, string>> =>
      withEmulator({ state: stateFor(root, { profile }) }, async (emulator) => {
        await grantedSession(emulator, leaf)
        return Object.fromEntries(emulator.sessions[0]?.tags ?? [])
      })
    expect(await tagsWith({})).to.deep.equal({
      'x509Subject/C': 'DE',
      'x509Subject/OU': 'a/b',
      'x509Subject/CN': 'app',
      'x509Issuer/C': 'DE',
      'x509Issuer/O': 'Test',
      'x509Issuer/CN': 'Root',
      'x509SAN/DNS': 'one.test',
      'x509SAN/URI': 'spiffe://test/app',
      'x509SAN/Name/CN': 'other',
    })
    const attributeMappings = [
      { certificateField: 'x509Subject', mappingRules: [{ specifier: 'OU' }] },
      { certificateField: 'x509SAN', mappingRules: [{ specifier: 'Name/*' }] },
    ]
    expect(await tagsWith({ attributeMappings })).to.deep.equal({
      'x509Subject/OU': 'a/b',
      'x509SAN/Name/CN': 'other',
    })
  })

  it('may use its tags in the trust policy and in permissions', async () => {
    const leaf = await createLeaf(root, { subject: 'CN=app' })
    const trustPolicy = {
      Statement: {
        Effect: 'Allow',
        Principal: { Service: ['rolesanywhere.amazonaws.com'] },
        Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
        Condition: {
          ArnLike: { 'aws:SourceArn': 'arn:aws:rolesanywhere:*:123456789012:trust-anchor/*' },
          StringLike: { 'aws:PrincipalTag/x509Subject/CN': ['app*', 'web*'] },
          StringNotLike: { 'sts:SourceIdentity': 'CN=root*' },
          'ForAnyValue:StringEquals': { 'aws:TagKeys': 'x509Issuer/O' },
        },
      },
    }
    await withEmulator({ state: stateFor(root, { role: { trustPolicy } }) }, async (emulator) => {
      await grantedSession(emulator, leaf)
      const other = await createLeaf(root, { subject: 'CN=db' })
      const refused = await sendRaw(emulator.port, sessionRequest(other))
      expect(refused.status).to.equal(403)
      expect(emulator.requests.at(-1)?.reason).to.include('sts:AssumeRole')
    })
  })
})
