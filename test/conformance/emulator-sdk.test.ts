import {
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  paginateListBuckets,
} from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { type Emulator, createEmulator } from '../../src/emulator/index.js'
import { REGION, ROLE_ARN } from '../support/emulator-client.js'
import { sessionKeys, stateFor } from '../support/emulator-fixture.js'
import { type TestIdentity, createLeaf, createRoot } from '../support/emulator-pki.js'

// The SDK signs with the machine's clock, so these emulators run on it too.

describe('the AWS SDK, with keys that the emulator issued', () => {
  let root: TestIdentity
  let leaf: TestIdentity
  let emulator: Emulator
  let s3: S3Client
  let sts: STSClient

  /** How far the emulator's clock is behind that of the machine. */
  let agoMs = 0
  const now = (): Date => new Date(Date.now() - agoMs)

  const start = async (role = {}): Promise<void> => {
    emulator = await createEmulator({ state: stateFor(root, { role }), clock: { now } })
    const config = {
      endpoint: emulator.url,
      region: REGION,
      maxAttempts: 1,
      credentials: await sessionKeys(emulator, leaf, { at: now() }),
    }
    s3 = new S3Client({ ...config, forcePathStyle: true })
    sts = new STSClient(config)
  }

  before(async () => {
    root = await createRoot()
    leaf = await createLeaf(root)
  })

  afterEach(async () => {
    s3.destroy()
    sts.destroy()
    await emulator.close()
  })

  it('learns who it is', async () => {
    await start()
    const identity = await sts.send(new GetCallerIdentityCommand({}))
    expect(identity.Arn).to.equal('arn:aws:sts::123456789012:assumed-role/lister/1000')
    expect(identity.Account).to.equal('123456789012')
    expect(identity.UserId).to.match(/^AROA[A-Z2-7]{17}:1000$/)
  })

  it('lists buckets page by page', async () => {
    await start()
    const names: (string | undefined)[][] = []
    for await (const page of paginateListBuckets({ client: s3, pageSize: 2 }, {})) {
      names.push((page.Buckets ?? []).map(({ Name }) => Name))
    }
    expect(names).to.deep.equal([['alpha', 'beta'], ['gamma']])
    const some = await s3.send(new ListBucketsCommand({ Prefix: 'be' }))
    expect(some.Buckets?.map(({ Name }) => Name)).to.deep.equal(['beta'])
  })

  it('puts, heads, lists and gets, from a buffer and from a stream', async () => {
    await start()
    const key = 'dir one/ü+&.txt'
    await s3.send(new PutObjectCommand({ Bucket: 'beta', Key: key, Body: 'first' }))
    await s3.send(
      new PutObjectCommand({
        Bucket: 'beta',
        Key: 'streamed',
        Body: Readable.from([Buffer.from('sec'), Buffer.from('ond')]),
        ContentLength: 6,
      }),
    )
    const bucket = await s3.send(new HeadBucketCommand({ Bucket: 'beta' }))
    expect(bucket.BucketRegion).to.equal(REGION)
    const list = await s3.send(new ListObjectsV2Command({ Bucket: 'beta' }))
    expect(list.Contents?.map(({ Key, Size }) => [Key, Size])).to.deep.equal([
      [key, 5],
      ['streamed', 6],
    ])
    const rolled = await s3.send(new ListObjectsV2Command({ Bucket: 'beta', Delimiter: '/' }))
    expect(rolled.CommonPrefixes?.map(({ Prefix }) => Prefix)).to.deep.equal(['dir one/'])
    for (const [Key, text] of [
      [key, 'first'],
      ['streamed', 'second'],
    ] as const) {
      const object = await s3.send(new GetObjectCommand({ Bucket: 'beta', Key }))
      expect(await object.Body?.transformToString()).to.equal(text)
    }
  })

  it('reads errors by their names', async () => {
    const policies = [
      {
        Statement: [
          { Effect: 'Allow', Action: 's3:List*', Resource: 'arn:aws:s3:::*' },
          { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' },
        ],
      },
    ]
    await start({ policies })
    const get = new GetObjectCommand({ Bucket: 'alpha', Key: 'a b/c+d.txt' })
    expect(await nameOf(s3.send(get))).to.equal('AccessDenied')
    const absent = new ListObjectsV2Command({ Bucket: 'absent' })
    expect(await nameOf(s3.send(absent))).to.equal('NoSuchBucket')
    expect(await nameOf(s3.send(new ListBucketsCommand({})))).to.equal('granted')
    emulator.state.replace(stateFor(root, { world: { roles: [{ arn: ROLE_ARN }] } }))
    expect(await nameOf(s3.send(get))).to.equal('granted')
  })

  it('is told that its session has ended', async () => {
    agoMs = 3_601_000
    await start()
    agoMs = 0
    expect(await nameOf(s3.send(new ListBucketsCommand({})))).to.match(/^ExpiredToken/)
    expect(await nameOf(sts.send(new GetCallerIdentityCommand({})))).to.match(/^ExpiredToken/)
  })
})

/** Name of the error that a call fails with. */
async function nameOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'granted',
    (error: Error) => error.name,
  )
}
