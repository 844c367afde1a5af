import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ACCOUNT, awsRequest, REGION } from '../support/emulator-client.js'
import { sessionKeys, stateFor, withEmulator } from '../support/emulator-fixture.js'
import { createLeaf, createRoot, type TestIdentity } from '../support/emulator-pki.js'
import { type RawResponse, sendRaw } from '../support/raw-http.js'

const REPOSITORY = `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/team/app`

/** What clients of a registry ask for when they pull. Real ones do so in test/registry. */
describe('an image of the emulator', () => {
  let root: TestIdentity
  let leaf: TestIdentity

  before(async () => {
    root = await createRoot()
    leaf = await createLeaf(root)
  })

  /** Runs a body with something that asks the registry, logged in. */
  async function pulling(
    change: Parameters<typeof stateFor>[1],
    body: (get: (path: string, method?: string) => Promise<RawResponse>, aws: Emulator) => unknown,
  ): Promise<void> {
    await withEmulator({ state: stateFor(root, change) }, async (aws) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
      }
      const call = { service: 'ecr', method: 'POST', region: REGION, headers, body: '{}' }
      const answer = await sendRaw(aws.port, awsRequest(await sessionKeys(aws, leaf), call))
      const token = /"authorizationToken":"([^"]+)"/.exec(answer.body)?.[1]
      await body(
        (path, method = 'GET') =>
          sendRaw(aws.port, {
            method,
            target: `/v2/team/app/${path}`,
            headers: [
              ['host', '127.0.0.1'],
              ['authorization', `Basic ${token}`],
            ],
            body: '',
          }),
        aws,
      )
    })
  }

  const digestOf = (text: string): string =>
    `sha256:${createHash('sha256').update(text).digest('hex')}`

  interface Manifest {
    readonly mediaType: string
    readonly config: { readonly digest: string; readonly size: number }
    readonly layers: readonly { readonly digest: string; readonly size: number }[]
  }

  it('is a manifest with a configuration and a layer, each under its digest and of its size', async () => {
    await pulling({}, async (get) => {
      const answer = await get('manifests/v1')
      expect(answer.status, answer.body).to.equal(200)
      const { mediaType, config, layers } = JSON.parse(answer.body) as Manifest
      expect(answer.headers['content-type']).to.equal(mediaType)
      expect(answer.headers['docker-content-digest']).to.equal(digestOf(answer.body))
      expect(layers).to.have.length(1)
      for (const { digest, size } of [config, ...layers]) {
        const { status, body, headers } = await get(`blobs/${digest}`)
        expect(status).to.equal(200)
        expect(digestOf(body)).to.equal(digest)
        expect(headers['docker-content-digest']).to.equal(digest)
        expect(Buffer.byteLength(body)).to.equal(size)
      }
      const { body } = await get(`blobs/${config.digest}`)
      const { rootfs } = JSON.parse(body) as { rootfs: { diff_ids: string[] } }
      expect(rootfs.diff_ids).to.deep.equal([layers[0]?.digest])
    })
  })

  it('holds one file, which everybody may read', async () => {
    await pulling({}, async (get) => {
      const { layers } = JSON.parse((await get('manifests/v1')).body) as Manifest
      const { body } = await get(`blobs/${layers[0]?.digest}`)
      const list = spawnSync('tar', ['-tvf', '-'], { input: body, encoding: 'utf8' })
      expect(list.stderr).to.equal('')
      expect(list.stdout).to.match(/^-rw-r--r-- 0\/0 .* image\.txt\n$/)
      const read = spawnSync('tar', ['-xOf', '-', 'image.txt'], { input: body, encoding: 'utf8' })
      expect(read.stdout).to.equal(`image of team/app, account ${ACCOUNT}, region ${REGION}\n`)
    })
  })

  it('is the same under every tag and under its digest, and a HEAD has its size', async () => {
    await pulling({}, async (get) => {
      const { body, headers } = await get('manifests/v1')
      expect((await get('manifests/v2')).body).to.equal(body)
      expect((await get(`manifests/${digestOf(body)}`)).body).to.equal(body)
      const head = await get('manifests/v1', 'HEAD')
      expect(head.body).to.equal('')
      expect(head.headers['content-length']).to.equal(headers['content-length'])
    })
  })

  const none = `sha256:${'0'.repeat(64)}`
  for (const [path, code] of [
    ['manifests/v9', 'MANIFEST_UNKNOWN'],
    [`manifests/${none}`, 'MANIFEST_UNKNOWN'],
    [`blobs/${none}`, 'BLOB_UNKNOWN'],
    ['blobs/v1', 'BLOB_UNKNOWN'],
  ] as const) {
    it(`is not at ${path}`, async () => {
      await pulling({}, async (get) => {
        const { status, body } = await get(path)
        expect(status).to.equal(404)
        expect(body).to.include(code)
      })
    })
  }

  it('is not in a repository without tags', async () => {
    let digest = ''
    await pulling({}, async (get) => {
      digest = digestOf((await get('manifests/v1')).body)
    })
    const repositories = [{ name: 'team/app', account: ACCOUNT, region: REGION }]
    await pulling({ world: { repositories } }, async (get) => {
      expect((await get(`manifests/${digest}`)).status).to.equal(404)
    })
  })

  it('wants one permission for the manifest and another one for blobs', async () => {
    const allowed = (...Action: string[]): object => ({
      policies: [
        {
          Statement: [
            { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
            { Effect: 'Allow', Action, Resource: REPOSITORY },
          ],
        },
      ],
    })
    await pulling({ role: allowed('ecr:BatchGetImage') }, async (get) => {
      const { layers } = JSON.parse((await get('manifests/v1')).body) as Manifest
      const refused = await get(`blobs/${layers[0]?.digest}`)
      expect(refused.status).to.equal(403)
      expect(refused.body).to.include('ecr:GetDownloadUrlForLayer')
    })
    await pulling({ role: allowed('ecr:GetDownloadUrlForLayer') }, async (get, aws) => {
      const refused = await get('manifests/v1')
      expect(refused.status).to.equal(403)
      expect(refused.body).to.include('ecr:BatchGetImage')
      expect(aws.requests.at(-1)?.operation).to.equal('GetManifest')
    })
  })
})
