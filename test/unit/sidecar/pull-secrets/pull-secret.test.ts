import { expect } from 'chai'
import {
  pullSecret,
  type RegistryEntry,
  secretFacts,
  type SecretObject,
} from '../../../../sidecar/pull-secrets/pull-secret.js'
import { Secret } from '../../../../src/secret.js'

const A = '111122223333.dkr.ecr.eu-central-1.amazonaws.com'
const B = '444455556666.dkr.ecr.us-east-1.amazonaws.com'
const EXPIRES = new Date('2026-06-01T12:00:00Z')
const key = { namespace: 'team', name: 'ecr' }

const entry = (registry: string, password: string): RegistryEntry => ({
  registry,
  hosts: [registry, registry.replace('.dkr.ecr.', '.dkr-ecr.')],
  token: {
    username: 'AWS',
    password: new Secret(password),
    expiresAt: EXPIRES,
    lifeMs: 12 * 3_600_000,
  },
})

const authsOf = (
  secret: SecretObject,
): Record<string, { username: string; password: string; auth: string }> => {
  const text = Buffer.from(secret.data?.['.dockerconfigjson'] ?? '', 'base64').toString()
  return (JSON.parse(text) as { auths: ReturnType<typeof authsOf> }).auths
}

describe('pullSecret', () => {
  it('holds every host name, bare, as a kubelet reads it', () => {
    const secret = pullSecret(key, [entry(A, 'pass:word')])
    expect(secret.type).to.equal('kubernetes.io/dockerconfigjson')
    const auths = authsOf(secret)
    expect(Object.keys(auths)).to.have.length(2)
    for (const { username, password, auth } of Object.values(auths)) {
      expect({ username, password }).to.deep.equal({ username: 'AWS', password: 'pass:word' })
      expect(Buffer.from(auth, 'base64').toString()).to.equal('AWS:pass:word')
    }
  })

  it('is recognised as written, until somebody changes it', () => {
    const secret = pullSecret(key, [entry(A, 'p')])
    const facts = secretFacts(secret)
    expect(facts).to.include({ owned: true, intact: true })
    expect([...facts.expirations]).to.deep.equal([[A, EXPIRES.getTime()]])
    const edited = {
      ...secret,
      data: { '.dockerconfigjson': Buffer.from('{}').toString('base64') },
    }
    expect(secretFacts(edited)).to.include({ owned: true, intact: false })
    expect(secretFacts({ ...secret, type: 'Opaque' }).intact).to.equal(false)
    expect(secretFacts({ ...secret, metadata: key }).owned).to.equal(false)
  })

  it('keeps what others put on it, and its UID', () => {
    const before: SecretObject = {
      ...pullSecret(key, [entry(A, 'old')]),
      immutable: false,
      metadata: {
        ...pullSecret(key, [entry(A, 'old')]).metadata,
        uid: 'uid-1',
        resourceVersion: '7',
        ownerReferences: [{ kind: 'X' }],
      },
    } as SecretObject
    const labelled = {
      ...before,
      metadata: { ...before.metadata, labels: { ...before.metadata.labels, theirs: 'yes' } },
      data: { ...before.data, other: 'eA==' },
    }
    const after = pullSecret(key, [entry(A, 'new')], labelled)
    expect(after.metadata).to.deep.include({
      uid: 'uid-1',
      resourceVersion: '7',
      ownerReferences: [{ kind: 'X' }],
    })
    expect(after.metadata.labels).to.include({ theirs: 'yes' })
    expect(after.data).to.include({ other: 'eA==' })
    expect(authsOf(after)[A]?.password).to.equal('new')
  })

  it('keeps the entry of a registry whose password could not be renewed', () => {
    const before = pullSecret(key, [entry(A, 'a'), entry(B, 'b')])
    const { hosts } = entry(B, '')
    const expiresAtMs = EXPIRES.getTime()
    const after = pullSecret(key, [entry(A, 'a2')], before, [{ registry: B, hosts, expiresAtMs }])
    expect(authsOf(after)[B]?.password).to.equal('b')
    expect(authsOf(after)[A]?.password).to.equal('a2')
    expect([...secretFacts(after).expirations.keys()]).to.deep.equal([A, B])
  })

  for (const annotation of ['', '{', '[]', '{"x":"never"}', 'null']) {
    it(`reads expirations that are ${JSON.stringify(annotation)} as none`, () => {
      const secret = pullSecret(key, [entry(A, 'p')])
      const annotations = { 'rolesanywhere.io/registry-expirations': annotation }
      expect(
        secretFacts({ ...secret, metadata: { ...key, annotations } }).expirations.size,
      ).to.equal(0)
    })
  }
})
