import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS } from '../support/aws.js'
import { allowing, ecrFlags, HOST, operations, startEcr } from '../support/ecr.js'
import { endPrograms, rolesanywhere } from '../support/program.js'

interface Row {
  readonly id: string
  readonly status: string
  readonly message: string
  readonly hint: string | null
  readonly code: string | null
}

describe('rolesanywhere doctor --registry', () => {
  let aws: Emulator

  const open = async (...args: Parameters<typeof startEcr>): Promise<void> => {
    aws = await startEcr(...args)
  }
  afterEach(async () => {
    await endPrograms()
    await aws.close()
  })

  /** The rows about the registry, by the second half of their names. */
  async function rows(...more: readonly string[]) {
    const finished = await rolesanywhere(['doctor', '--json', ...ecrFlags(aws.url), ...more], {
      AWS_ENDPOINT_URL_STS: aws.url,
    })
    const { checks } = JSON.parse(finished.stdout) as { readonly checks: readonly Row[] }
    const found = checks.filter(({ id }) => id.startsWith('registry.'))
    const byName = Object.fromEntries(found.map((row) => [row.id.slice('registry.'.length), row]))
    return { ...finished, byName }
  }
  const local = (): string[] => {
    const alias = `127.0.0.1:${aws.port}`
    return ['--registry', alias, '--registry-alias', `${alias}=${HOST}`]
  }

  it('gets a password and logs in with it, and shows no part of it', async () => {
    await open()
    const { status, byName, stdout, stderr } = await rows(...local())
    expect(status, stderr).to.equal(0)
    expect(byName['password']).to.include({ status: 'ok' })
    expect(byName['login']).to.include({ status: 'ok' })
    expect(operations(aws)).to.include({ CreateSession: 1, GetAuthorizationToken: 1 })
    expect(`${stdout}${stderr}`).to.not.match(/[\w+/]{200}/)
  })

  it('names the permission that is missing', async () => {
    await open({ role: allowing('ecr:ListImages') })
    const { status, byName } = await rows(...local())
    expect(status).to.equal(5)
    expect(byName['password']).to.include({ status: 'failed', code: 'ERR_RA_ECR_TOKEN_DENIED' })
    expect(byName['password']?.hint).to.include('ecr:GetAuthorizationToken')
    expect(byName['login']?.message).to.include('registry.password')
  })

  it('asks as the role of the registry', async () => {
    await open({ role: { policies: [] } })
    const { status, byName } = await rows(
      ...local(),
      '--registry-role',
      `123456789012=${ARNS.reports}`,
    )
    expect(status).to.equal(0)
    expect(byName['password']).to.include({ status: 'ok' })
  })

  it('sends nothing of an emulator to AWS', async () => {
    await open()
    const { byName } = await rows('--registry', HOST)
    expect(byName['password']).to.include({ status: 'ok' })
    expect(byName['login']).to.include({ status: 'skipped' })
  })

  it('has nothing to say without the flag, and refuses a stranger', async () => {
    await open()
    expect((await rows()).byName).to.deep.equal({})
    const args = ['doctor', ...ecrFlags(aws.url), '--registry', 'docker.io']
    expect(await rolesanywhere(args)).to.include({ status: 2, stdout: '' })
  })
})
