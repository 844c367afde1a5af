import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { startAws, targetFlags } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { endPrograms } from '../support/program.js'
import { type Reply, startServe } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { pair, Volume } from '../support/volume.js'

/** Fields that every answer with a session has, and none of them blank. */
const FIELDS = ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration']

describe('rolesanywhere serve, asked by many at once', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  beforeEach(async () => {
    aws = await startAws()
  })
  afterEach(async () => {
    await endPrograms()
    await aws.close()
  })

  const serve = async (volume: Volume, ...flags: string[]) =>
    startServe(join(folder.path, 'token'), [
      '--certificate',
      volume.files.certificate,
      '--private-key',
      volume.files.privateKey,
      ...targetFlags(aws.url),
      ...flags,
    ])

  const slowly = (): void =>
    aws.setFaults([{ operation: 'CreateSession', kind: 'slow', delayMs: 500 }])

  const all = async (clients: number, ask: () => Promise<Reply>): Promise<Reply[]> =>
    Promise.all(Array.from({ length: clients }, ask))

  function keyOf({ status, body }: Reply): string {
    expect(status).to.equal(200)
    const document = JSON.parse(body) as Record<string, string>
    for (const field of FIELDS) expect(document[field]).to.match(/./)
    return document['AccessKeyId']!
  }

  it('renews with one call, and answers all with the session held meanwhile', async () => {
    const volume = new Volume(folder.path, pair('ec-p256'))
    const server = await serve(volume, '--refresh-on-new-certificate')
    await server.logged(/session refreshed/)
    const first = keyOf(await server.credentials())
    slowly()
    volume.swap(pair('rsa-2048'))
    await eventually(() =>
      aws.requests.some(({ outcome }) => outcome === 'pending') ? true : undefined,
    )
    const replies = await all(200, async () => server.credentials())
    expect(new Set(replies.map(keyOf))).to.deep.equal(new Set([first]))
    await eventually(async () => (keyOf(await server.credentials()) === first ? undefined : true))
    expect(aws.requests).to.have.length(2)
  })

  it('starts with one call, and gives everybody who waits its session', async () => {
    slowly()
    const server = await serve(new Volume(folder.path, pair('ec-p256')))
    const replies = await all(200, async () =>
      eventually(async () => {
        const reply = await server.credentials()
        if (reply.status === 200) return reply
        expect(JSON.parse(reply.body)).to.include({ Code: 'NoSession' })
        return undefined
      }),
    )
    expect(new Set(replies.map(keyOf)).size).to.equal(1)
    expect(aws.requests).to.have.length(1)
  })
})
