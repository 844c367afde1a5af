import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS } from '../support/aws.js'
import {
  ACCOUNT,
  allowing,
  ecrEnvironment,
  ecrFlags,
  HOST,
  KUBELET_PLUGIN,
  operations,
  OTHER_ACCOUNT,
  REGION,
  startEcr,
} from '../support/ecr.js'
import { dockerHelper, kubeletPlugin, kubeletRequest, withInput } from '../support/ecr-clients.js'
import { endPrograms, type Finished, PROGRAM, rolesanywhere, start } from '../support/program.js'
import { systemClock } from '../../src/system-clock.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const NOT_FOUND = 'credentials not found in native keychain\n'
const PASSWORD = /^[\w+/=]{1000,}$/

describe('rolesanywhere ecr', () => {
  const folder = temporaryFolder()
  let aws: Emulator
  let env: Record<string, string>

  const open = async (...args: Parameters<typeof startEcr>): Promise<void> => {
    aws = await startEcr(...args)
    env = { ...ecrEnvironment(aws.url), ROLESANYWHERE_CACHE_DIR: join(folder.path, 'cache') }
  }
  afterEach(async () => {
    await endPrograms()
    await aws.close()
  })

  describe('login-password', () => {
    beforeEach(async () => open())

    it('prints a password and nothing else', async () => {
      const { status, stdout, stderr } = await rolesanywhere(
        ['ecr', 'login-password', ...ecrFlags(aws.url)],
        { ROLESANYWHERE_CACHE_DIR: env['ROLESANYWHERE_CACHE_DIR'] ?? '' },
      )
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
      expect(stdout.endsWith('\n')).to.equal(true)
      expect(stdout.trimEnd()).to.match(PASSWORD)
    })

    it('signs for the region of the registry', async () => {
      const args = ['ecr', 'login-password', '--region', 'us-west-2']
      expect((await rolesanywhere(args, env)).status).to.equal(0)
      const region = { ...env, AWS_REGION: 'us-west-2' }
      // The one in the cache: it is the same region.
      expect((await rolesanywhere(['ecr', 'login-password'], region)).status).to.equal(0)
      expect(operations(aws)).to.deep.equal({ CreateSession: 1, GetAuthorizationToken: 1 })
    })

    for (const [what, args] of [
      ['a stranger', ['--registry', 'docker.io']],
      ['a region that contradicts the host', ['--registry', HOST, '--region', 'us-west-2']],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { status, stdout } = await rolesanywhere(['ecr', 'login-password', ...args], env)
        expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' })
        expect(operations(aws)).to.deep.equal({})
      })
    }
  })

  describe('tags', () => {
    const tags = Array.from({ length: 2500 }, (_, at) => `v${String(at).padStart(4, '0')}`)
    const repository = { name: 'team/app', account: ACCOUNT, region: REGION, tags }
    const list = async (...more: readonly string[]): Promise<Finished> => {
      const alias = `127.0.0.1:${aws.port}`
      const args = ['ecr', 'tags', `${alias}/team/app`, '--registry-alias', `${alias}=${HOST}`]
      return rolesanywhere([...args, ...more], env)
    }

    it('lists 2500 of them in three pages', async () => {
      await open({ repositories: [repository] })
      const plain = await list()
      expect(plain).to.deep.equal({ status: 0, stderr: '', stdout: `${tags.join('\n')}\n` })
      expect(operations(aws)['ListTags']).to.equal(3)
      const json = await list('--json')
      expect(JSON.parse(json.stdout)).to.deep.equal({ name: 'team/app', tags })
    })

    it('names the permission that is missing', async () => {
      await open({ repositories: [repository], role: allowing('ecr:GetAuthorizationToken') })
      const { status, stdout, stderr } = await list()
      expect({ status, stdout }).to.deep.equal({ status: 5, stdout: '' })
      expect(stderr).to.include('ERR_RA_ECR_REGISTRY_DENIED').and.include('ecr:ListImages')
      expect(operations(aws)).to.include({ GetAuthorizationToken: 1, ListTags: 1 })
    })

    it('gets another password when the registry calls the one in the cache expired', async () => {
      let offsetMs = 0
      const clock = { ...systemClock, now: () => new Date(Date.now() + offsetMs) }
      await open({ repositories: [{ ...repository, tags: ['v1'] }] }, { clock })
      await list()
      // AWS's clock goes ahead of this machine's, which still takes the password for fresh.
      offsetMs = 13 * 3_600_000
      const { status, stdout } = await list()
      expect({ status, stdout }).to.deep.equal({ status: 0, stdout: 'v1\n' })
      expect(operations(aws)).to.include({ GetAuthorizationToken: 2, ListTags: 3 })
    })

    it('says what is no repository of ECR', async () => {
      await open()
      const { status, stderr } = await rolesanywhere(['ecr', 'tags', 'docker.io/library/x'], env)
      expect(status).to.equal(2)
      expect(stderr).to.include('ERR_RA_ARGUMENT_INVALID')
    })
  })

  describe('docker-credential', () => {
    it('answers get with and without a scheme and a line feed', async () => {
      await open()
      for (const server of [HOST, `https://${HOST}`, `${HOST}\n`, `https://${HOST}/v2/\r\n`]) {
        const { status, stdout, stderr } = await dockerHelper(['get'], server, env)
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
        const answer = JSON.parse(stdout) as { ServerURL: string; Secret: string }
        expect(Object.keys(answer)).to.deep.equal(['ServerURL', 'Username', 'Secret'])
        expect(answer).to.include({ ServerURL: server.trim(), Username: 'AWS' })
        expect(answer.Secret).to.match(PASSWORD)
      }
      expect(operations(aws)).to.deep.equal({ CreateSession: 1, GetAuthorizationToken: 1 })
    })

    it('knows nothing of other registries, whatever the settings are', async () => {
      await open()
      for (const bad of [{}, { ROLESANYWHERE_ECR_CONFIG: '/nowhere' }]) {
        const answer = await dockerHelper(['get'], 'https://index.docker.io/v1/', bad)
        expect(answer).to.include({ status: 1, stdout: NOT_FOUND })
      }
    })

    it('says in one line why there is no password for ECR', async () => {
      await open({ role: { policies: [] } })
      const { status, stdout } = await dockerHelper(['get'], HOST, env)
      expect(status).to.equal(1)
      expect(stdout).to.match(/^[^\n]*ERR_RA_ECR_TOKEN_DENIED[^\n]*\n$/)
      const missing = await dockerHelper(['get'], HOST, {})
      expect(missing).to.include({ status: 1 })
      expect(missing.stdout).to.match(/^[^\n]*ERR_RA_SETTING_MISSING[^\n]*\n$/)
    })

    it('lets everybody pull from the public gallery', async () => {
      await open({ role: { policies: [] } })
      const denied = await dockerHelper(['get'], 'public.ecr.aws', env)
      expect(denied).to.include({ status: 1, stdout: NOT_FOUND })
      expect(denied.stderr).to.include('ERR_RA_ECR_TOKEN_DENIED')
    })

    it('logs in to the public gallery where the role may', async () => {
      await open()
      const { status, stdout } = await dockerHelper(['get'], 'https://public.ecr.aws', env)
      expect(status).to.equal(0)
      expect(JSON.parse(stdout)).to.have.property('Username', 'AWS')
    })

    it('stores and erases nothing, without a word', async () => {
      await open()
      const stored = JSON.stringify({ ServerURL: HOST, Username: 'AWS', Secret: 'x' })
      const nothing = { status: 0, stdout: '', stderr: '' }
      expect(await dockerHelper(['store'], stored)).to.deep.equal(nothing)
      expect(await dockerHelper(['erase'], HOST)).to.deep.equal(nothing)
    })

    it('lists without asking anybody, and never fails', async () => {
      await open()
      const path = join(folder.path, 'registries.json')
      const aliases = { 'images.example.com': HOST }
      await writeFile(
        path,
        JSON.stringify({ aliases, roles: { [`${ACCOUNT}/${REGION}`]: ARNS.role } }),
      )
      const listed = await dockerHelper(['list'], 'unused', { ROLESANYWHERE_ECR_CONFIG: path })
      expect(JSON.parse(listed.stdout)).to.deep.equal({
        [HOST]: 'AWS',
        'images.example.com': 'AWS',
      })
      expect(await dockerHelper(['list'])).to.include({ status: 0, stdout: '{}\n' })
      const broken = await dockerHelper(['list'], '', { ROLESANYWHERE_ECR_CONFIG: '/nowhere' })
      expect(broken).to.include({ status: 0, stdout: '{}\n' })
      expect(aws.requests).to.have.length(0)
    })

    it('speaks the rest of the protocol', async () => {
      await open()
      const usage = 'Usage: docker-credential-rolesanywhere <store|get|erase|list|version>\n'
      expect(await dockerHelper([])).to.include({ status: 1, stdout: usage })
      expect(await dockerHelper(['get', 'x'])).to.include({ status: 1, stdout: usage })
      expect(await dockerHelper(['--help'])).to.include({ status: 0, stdout: usage })
      for (const action of ['frob', '--frob', '--ecr-config']) {
        expect(await dockerHelper([action])).to.include({
          status: 1,
          stdout: `docker-credential-rolesanywhere: unknown action: ${action}\n`,
        })
      }
      expect((await dockerHelper(['version'])).stdout).to.match(
        /^docker-credential-rolesanywhere \(rolesanywhere-sidecar\) \d+\.\d+\.\d+/,
      )
      expect(await dockerHelper(['get'], ' \n')).to.include({
        status: 1,
        stdout: 'no credentials server URL\n',
      })
    })

    it('takes the role of the registry', async () => {
      await open()
      const path = join(folder.path, 'registries.json')
      await writeFile(path, JSON.stringify({ roles: { [OTHER_ACCOUNT]: ARNS.reports } }))
      const settings = { ...env, ROLESANYWHERE_ECR_CONFIG: path }
      await dockerHelper(['get'], HOST, settings)
      await dockerHelper(['get'], HOST.replace(ACCOUNT, OTHER_ACCOUNT), settings)
      const roles = aws.requests
        .filter(({ operation }) => operation === 'GetAuthorizationToken')
        .map(({ principal }) => principal?.split('/')[1])
      expect(roles).to.deep.equal(['app', 'reports'])
    })
  })

  describe('credential-provider', () => {
    const failed = /^error: [^\n]+\n$/

    it('answers with one document that has no unknown field', async () => {
      await open()
      const { status, stdout, stderr } = await kubeletPlugin(kubeletRequest(), env)
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
      const answer = JSON.parse(stdout) as Record<string, unknown>
      expect(Object.keys(answer).sort()).to.deep.equal([
        'apiVersion',
        'auth',
        'cacheDuration',
        'cacheKeyType',
        'kind',
      ])
      expect(answer).to.include({
        kind: 'CredentialProviderResponse',
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        cacheKeyType: 'Registry',
      })
      expect(answer['cacheDuration']).to.match(/^5h59m\d+s$|^6h0m0s$/)
      const auth = answer['auth'] as Record<string, { username: string; password: string }>
      expect(Object.keys(auth)).to.deep.equal([HOST])
      expect(auth[HOST]?.username).to.equal('AWS')
      expect(auth[HOST]?.password).to.match(PASSWORD)
    })

    it('answers in the version of the request', async () => {
      await open()
      const apiVersion = 'credentialprovider.kubelet.k8s.io/v1beta1'
      const { stdout } = await kubeletPlugin(kubeletRequest({ apiVersion }), env)
      expect(JSON.parse(stdout)).to.include({ apiVersion })
    })

    for (const image of ['evil.example/x', `${HOST}.evil.example/x`, `${HOST}:5000/x`]) {
      it(`has no credentials for ${image}`, async () => {
        await open()
        const { status, stdout } = await kubeletPlugin(kubeletRequest({ image }), env)
        expect(status).to.equal(0)
        expect(JSON.parse(stdout)).to.deep.include({ auth: {}, cacheDuration: '0s' })
        expect(aws.requests).to.have.length(0)
      })
    }

    it('makes one CreateSession and one GetAuthorizationToken for 20 processes at once', async () => {
      await open()
      const all = await Promise.all(
        Array.from({ length: 20 }, async (_, at) =>
          kubeletPlugin(kubeletRequest({ image: `${HOST}/team/app${at}` }), env),
        ),
      )
      expect(all.map(({ status, stderr }) => `${status}${stderr}`)).to.deep.equal(
        Array.from({ length: 20 }, () => '0'),
      )
      const auth = all.map(({ stdout }) => (JSON.parse(stdout) as { auth: unknown }).auth)
      expect(new Set(auth.map((one) => JSON.stringify(one))).size).to.equal(1)
      expect(operations(aws)).to.deep.equal({ CreateSession: 1, GetAuthorizationToken: 1 })
    }).timeout(60_000)

    it('works without any environment but its own settings, on a read-only disk', async () => {
      await open()
      const bare = { ...ecrEnvironment(aws.url), ROLESANYWHERE_CACHE_DIR: '/dev/null/cache' }
      const running = start([KUBELET_PLUGIN], {}, { env: bare, stdio: ['pipe', 'pipe', 'pipe'] })
      running.process.stdin?.end(kubeletRequest())
      const { status, stdout, stderr } = await running.finished()
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
      expect(JSON.parse(stdout)).to.have.nested.property(`auth.${HOST.replaceAll('.', '\\.')}`)
    })

    it('is found under its name through a link, and under longer names', async () => {
      await open()
      const name = join(folder.path, 'rolesanywhere-ecr-credential-provider-team')
      await symlink(PROGRAM, name)
      const { status, stdout } = await withInput([name, 'get-credentials'], kubeletRequest(), env)
      expect(status).to.equal(0)
      expect(JSON.parse(stdout)).to.include({ kind: 'CredentialProviderResponse' })
    })

    it('never gives an expired password when AWS is down', async () => {
      await open()
      await kubeletPlugin(kubeletRequest(), env)
      const kept = join(folder.path, 'cache', 'registry-tokens')
      const [file = ''] = (await readdir(kept)).filter((name) => name.endsWith('.json'))
      const entry = JSON.parse(await readFile(join(kept, file), 'utf8')) as { obtainedAt: string }
      const obtainedAt = new Date(Date.parse(entry.obtainedAt) - 12 * 3_600_000).toISOString()
      await writeFile(join(kept, file), JSON.stringify({ ...entry, obtainedAt }))
      aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])
      const { status, stdout, stderr } = await kubeletPlugin(kubeletRequest(), env)
      expect({ status, stdout }).to.deep.equal({ status: 6, stdout: '' })
      expect(stderr).to.match(failed)
    })

    it('gives up well before a minute when Roles Anywhere hangs', async () => {
      await open()
      const silent = createServer(() => {})
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      try {
        const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
        const hanging = { ...env, AWS_ENDPOINT_URL_ROLESANYWHERE: endpoint }
        const settings = { ...hanging, ROLESANYWHERE_TIMEOUT: '1s' }
        const { status, stdout, stderr } = await kubeletPlugin(kubeletRequest(), settings)
        expect({ status, stdout }).to.deep.equal({ status: 6, stdout: '' })
        expect(stderr).to.match(failed).and.include('ERR_RA_SESSION_TIMEOUT')
      } finally {
        silent.close()
      }
    })

    for (const [what, input] of [
      ['nothing', ''],
      ['rubbish', 'x'],
      ['more than it reads', `"${'x'.repeat(600_000)}"`],
    ] as const) {
      it(`refuses ${what} in one line`, async () => {
        await open()
        const { status, stdout, stderr } = await kubeletPlugin(input, env)
        expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' })
        expect(stderr).to.match(failed)
      })
    }

    it('fails closed with service account tokens, and gives a role that is allowed', async () => {
      await open()
      const path = join(folder.path, 'registries.json')
      const rule = { namespace: 'shop', name: 'web', roles: [ARNS.reports] }
      await writeFile(path, JSON.stringify({ serviceAccounts: [rule] }))
      const settings = { ...env, ROLESANYWHERE_ECR_CONFIG: path }
      const encode = (value: object): string =>
        Buffer.from(JSON.stringify(value)).toString('base64url')
      const claims = { sub: 'system:serviceaccount:shop:web', exp: 4_000_000_000 }
      const serviceAccountToken = `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`
      const serviceAccountAnnotations = { 'rolesanywhere.io/role-arn': ARNS.reports }

      const withoutToken = await kubeletPlugin(kubeletRequest(), settings)
      expect(withoutToken).to.include({ status: 5, stdout: '' })
      const withoutRole = await kubeletPlugin(kubeletRequest({ serviceAccountToken }), settings)
      expect(withoutRole).to.include({ status: 5, stdout: '' })
      expect(aws.requests).to.have.length(0)
      const whole = kubeletRequest({ serviceAccountToken, serviceAccountAnnotations })
      expect((await kubeletPlugin(whole, settings)).status).to.equal(0)
      expect(aws.requests.at(-1)?.principal).to.include('/reports/')
    })
  })

  describe('one session for every process', () => {
    const shared = (): Record<string, string> => ({ ...env, ROLESANYWHERE_NO_CACHE: 'false' })
    const elsewhere = HOST.replace(REGION, 'us-west-2')

    it('20 images, a helper and the AWS CLI, in two regions, make one CreateSession', async () => {
      await open()
      const images = Array.from({ length: 20 }, async (_, at) => {
        const image = `${at % 2 ? HOST : elsewhere}/team/app${at}`
        return kubeletPlugin(kubeletRequest({ image }), shared())
      })
      const process = rolesanywhere(['credential-process'], shared())
      const all = await Promise.all([
        ...images,
        dockerHelper(['get'], elsewhere, shared()),
        process,
      ])
      expect(all.map(({ status, stderr }) => `${status}${stderr}`)).to.deep.equal(
        Array.from({ length: 22 }, () => '0'),
      )
      expect(operations(aws)).to.deep.equal({ CreateSession: 1, GetAuthorizationToken: 2 })
    }).timeout(60_000)

    it('signs with the time of the service where the session comes from the cache', async () => {
      const clock = { ...systemClock, now: () => new Date(Date.now() + 3 * 3_600_000) }
      await open({}, { clock })
      await dockerHelper(['get'], HOST, shared())
      expect(await dockerHelper(['get'], elsewhere, shared())).to.include({ status: 0 })
      // The first attempt with this machine's own time is refused.
      expect(operations(aws)).to.deep.equal({ CreateSession: 2, GetAuthorizationToken: 2 })
    })

    it('asks with a new one when the clock was set since, and the kept one is not taken', async () => {
      let offsetMs = 0
      const clock = { ...systemClock, now: () => new Date(Date.now() + offsetMs) }
      await open({}, { clock })
      await dockerHelper(['get'], HOST, shared())
      offsetMs = 20 * 60_000
      expect(await dockerHelper(['get'], elsewhere, shared())).to.include({ status: 0 })
      expect(operations(aws)).to.include({ GetAuthorizationToken: 3 })
    })

    it('leaves the cache of sessions alone where that is asked for', async () => {
      await open()
      const apart = { ...env, ROLESANYWHERE_NO_CACHE: 'true' }
      for (const host of [HOST, elsewhere]) await dockerHelper(['get'], host, apart)
      expect(operations(aws)).to.deep.equal({ CreateSession: 2, GetAuthorizationToken: 2 })
      expect(await readdir(join(folder.path, 'cache'))).to.deep.equal(['registry-tokens'])
    })
  })

  describe('credential-provider-config', () => {
    beforeEach(async () => open())

    it('writes the settings, and nothing that is secret', async () => {
      const args = ['ecr', 'credential-provider-config', ...ecrFlags(aws.url)]
      const secret = { ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE: 'secret words' }
      const { status, stdout } = await rolesanywhere(args, secret)
      expect(status).to.equal(0)
      expect(stdout).to.include('ROLESANYWHERE_ROLE_ARN').and.not.include('secret words')
    })

    for (const [what, more, status] of [
      ['a path that is not absolute', ['--certificate', 'tls.crt'], 3],
      ['an unknown partition', ['--partition', 'moon'], 2],
      ['a name that the kubelet refuses', ['--name', 'a/b'], 3],
      ['tokens without rules', ['--service-account-audience', 'x'], 2],
      ['mappings that would be lost', ['--registry-role', `${ACCOUNT}=${ARNS.role}`], 2],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const args = ['ecr', 'credential-provider-config', ...ecrFlags(aws.url), ...more]
        expect(await rolesanywhere(args)).to.include({ status, stdout: '' })
      })
    }
  })

  it('keeps passwords out of standard error at every level', async () => {
    await open()
    const loud = { ...env, ROLESANYWHERE_LOG_LEVEL: 'debug' }
    const alias = `127.0.0.1:${aws.port}`
    const tags = ['ecr', 'tags', `${alias}/team/app`, '--registry-alias', `${alias}=${HOST}`]
    const login = await rolesanywhere(['ecr', 'login-password'], loud)
    const others = await Promise.all([
      dockerHelper(['get'], HOST, loud),
      kubeletPlugin(kubeletRequest(), loud),
      rolesanywhere(tags, loud),
      rolesanywhere(['ecr', 'login-password', '--region', 'us-west-2'], {
        ...loud,
        ROLESANYWHERE_CACHE_DIR: '/dev/null/cache',
      }),
    ])
    const password = login.stdout.trim()
    expect(password).to.match(PASSWORD)
    for (const { status, stderr } of [login, ...others]) {
      expect(status).to.equal(0)
      expect(stderr).to.not.match(/[\w+/=]{100,}/)
    }
    expect(others[3]?.stderr).to.include('not kept on disk')
  })

  it('runs from a copy of its folder alone', async () => {
    await open()
    const bin = join(folder.path, 'bin')
    await cp(dirname(PROGRAM), bin, { recursive: true })
    const { status } = await withInput(
      [join(bin, 'docker-credential-rolesanywhere.cjs'), 'get'],
      HOST,
      env,
    )
    expect(status).to.equal(0)
  })
})
