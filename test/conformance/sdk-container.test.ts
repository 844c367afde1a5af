import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import {
  fromContainerMetadata,
  fromHttp,
  fromNodeProviderChain,
} from '@aws-sdk/credential-providers'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { withAwsEnvironment } from '../support/environment.js'
import { eventually } from '../support/eventually.js'
import { BUCKET_LISTER, endPrograms, type Finished, start } from '../support/program.js'
import { type Serving, startServe } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { listenOnLoopback } from '../support/tls-server.js'

const REGION = 'eu-central-1'

describe('the AWS SDK for JavaScript, as a client of serve', () => {
  const folder = temporaryFolder()
  let aws: Emulator
  let server: Serving
  let tokenFile: string

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  beforeEach(async () => {
    tokenFile = join(folder.path, 'token')
    const workload = [...IDENTITY_FLAGS, ...targetFlags(aws.url)]
    server = await startServe(tokenFile, [...workload, '--role', `reports=${ARNS.reports}`])
    await eventually(async () => ((await server.ask('/readyz')).status === 200 ? true : undefined))
  })
  afterEach(async () => {
    aws.setFaults([])
    await endPrograms()
  })

  const fromServer = (uri = server.uri) =>
    fromHttp({
      awsContainerCredentialsFullUri: uri,
      awsContainerAuthorizationTokenFile: tokenFile,
    })

  /** What a container gets: the two variables, and where AWS is. */
  const containerEnv = (uri = server.uri) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: aws.url,
  })

  const listBuckets = async (uri = server.uri): Promise<Finished> =>
    start([BUCKET_LISTER, '--json'], containerEnv(uri)).finished()

  it('fromHttp takes the session as it is', async () => {
    const document = JSON.parse((await server.credentials()).body) as Record<string, string>
    const credentials = await fromServer()()
    expect(credentials).to.include({
      accessKeyId: document['AccessKeyId'],
      secretAccessKey: document['SecretAccessKey'],
      sessionToken: document['Token'],
    })
    expect(credentials.expiration).to.deep.equal(new Date(document['Expiration']!))
  })

  it('fromContainerMetadata does, too, with the token in a variable', async () => {
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: server.uri,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: await readFile(tokenFile, 'utf8'),
    }
    const credentials = await withAwsEnvironment(env, fromContainerMetadata({ timeout: 1000 }))
    expect(credentials.accessKeyId).to.match(/^ASIA/)
  })

  it('signs requests with it that AWS accepts', async () => {
    const config = { region: REGION, endpoint: aws.url, maxAttempts: 1 }
    const sts = new STSClient({ ...config, credentials: fromServer() })
    const identity = await sts.send(new GetCallerIdentityCommand({}))
    expect(identity.Arn).to.match(/^arn:aws:sts::123456789012:assumed-role\/app\//)
    sts.destroy()
  })

  it('takes a named role from a path of its own', async () => {
    const config = { region: REGION, endpoint: aws.url, maxAttempts: 1 }
    const sts = new STSClient({ ...config, credentials: fromServer(`${server.uri}/reports`) })
    const identity = await sts.send(new GetCallerIdentityCommand({}))
    expect(identity.Arn).to.match(/^arn:aws:sts::123456789012:assumed-role\/reports\//)
    sts.destroy()
  })

  it('finds it in the default chain of an application that knows nothing of it', async () => {
    const { status, stdout, stderr } = await listBuckets()
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
    const listing = JSON.parse(stdout) as { caller: string; buckets: { name: string }[] }
    expect(listing.caller).to.match(/:assumed-role\/app\//)
    expect(listing.buckets.map(({ name }) => name)).to.deep.equal(['invoices', 'receipts'])
    expect(aws.requests.at(-1)).to.include({ operation: 'ListBuckets', outcome: 'granted' })
  })

  it('finds a named role in the default chain', async () => {
    const { stdout } = await listBuckets(`${server.uri}/reports`)
    expect(stdout).to.match(/:assumed-role\/reports\//)
  })

  it('reads a replaced token without a restart of anything', async () => {
    const credentials = fromServer()
    await credentials()
    const previous = await readFile(tokenFile, 'utf8')
    await writeFile(`${tokenFile}.next`, 'the-token-of-next-month')
    await rename(`${tokenFile}.next`, tokenFile)
    // At once: its own attempts last until the server has seen the new token.
    expect((await credentials()).accessKeyId).to.match(/^ASIA/)
    const old = fromHttp({
      awsContainerCredentialsFullUri: server.uri,
      awsContainerAuthorizationToken: previous,
      maxRetries: 0,
    })
    expect((await old()).accessKeyId).to.match(/^ASIA/)
  })

  it('goes on with the session held while AWS does not answer', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])
    expect((await listBuckets()).status).to.equal(0)
  })

  describe('without the right token', () => {
    interface Seen {
      readonly authorization: string | undefined
      readonly status: number
    }

    /** Stands before the server and notes what clients send and get. */
    async function witness(): Promise<{ uri: string; seen: Seen[]; close: () => void }> {
      const seen: Seen[] = []
      const passing = createServer((incoming, outgoing) => {
        const { url = '', headers } = incoming
        const onward = request(new URL(url, server.uri), { headers, agent: false }, (answer) => {
          const { statusCode: status = 0 } = answer
          seen.push({ authorization: headers.authorization, status })
          outgoing.writeHead(status, answer.headers)
          answer.pipe(outgoing)
        })
        onward.end()
      })
      const port = await listenOnLoopback(passing)
      const uri = `http://127.0.0.1:${port}/v1/credentials`
      return { uri, seen, close: () => passing.close() }
    }

    for (const { what, token, status } of [
      { what: 'a wrong', token: 'the-token-of-another-pod', status: 403 },
      { what: 'an empty', token: '', status: 401 },
    ]) {
      // The chain asks four times with the token, then once more without any.
      it(`gets nothing with ${what} token, however often and in whatever way it asks`, async () => {
        const { uri, seen, close } = await witness()
        const file = join(folder.path, 'other-token')
        await writeFile(file, token)
        const env = { ...containerEnv(uri), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file }
        const config = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }
        const outcome = await withAwsEnvironment({ ...env, ...config }, async () =>
          fromNodeProviderChain({ timeout: 50 })().catch((error: unknown) => error),
        )
        expect(outcome).to.be.instanceOf(Error)
        expect(seen.slice(0, 4)).to.deep.equal(
          Array.from({ length: 4 }, () => ({ authorization: token, status })),
        )
        const rest = seen.slice(4)
        expect(rest).to.not.deep.equal([])
        for (const last of rest) {
          expect(last).to.deep.equal({ authorization: undefined, status: 401 })
        }
        close()
      })
    }
  })
})
