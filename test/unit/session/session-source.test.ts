import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../../src/emulator/index.js'
import { silentLogger } from '../../../src/log.js'
import { workloadOf } from '../../../src/session/provider-init.js'
import { sessionSource } from '../../../src/session/session-source.js'
import { systemClock } from '../../../src/system-clock.js'
import { ARNS, startAws } from '../../support/aws.js'
import { certPath } from '../../support/certs.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { serverIdentity, testRoot } from '../../support/tls-server.js'

describe('sessionSource', () => {
  const folder = temporaryFolder()
  let aws: Emulator
  let root: string

  before(async () => {
    const issuer = await testRoot()
    const { cert, key } = await serverIdentity(issuer)
    root = issuer.certificate.toString()
    aws = await startAws({ tls: { certificate: cert, privateKey: key } })
  })
  after(async () => aws.close())

  it('takes a CA bundle that changed into use with the next call', async () => {
    const caBundle = join(folder.path, 'ca.pem')
    const workload = {
      ...workloadOf({
        certificate: certPath('ec-p256.pem'),
        privateKey: certPath('ec-p256.key.pem'),
        trustAnchorArn: ARNS.trustAnchor,
        profileArn: ARNS.profile,
        roleArn: ARNS.role,
        endpoint: aws.url,
      }),
      caBundle,
    }
    const env = { AWS_MAX_ATTEMPTS: '1' }
    const obtain = sessionSource(workload, {
      env,
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
    })
    const unrelated = (await testRoot()).certificate.toString()
    writeFileSync(caBundle, unrelated)
    await rejectsWithCode(obtain(), 'ERR_RA_TLS_FAILED')
    writeFileSync(caBundle, root)
    expect((await obtain()).roleArn).to.equal(ARNS.role)
    expect((await obtain()).roleArn).to.equal(ARNS.role)
    writeFileSync(caBundle, unrelated)
    await rejectsWithCode(obtain(), 'ERR_RA_TLS_FAILED')
    writeFileSync(caBundle, 'no certificate')
    await rejectsWithCode(obtain(), 'ERR_RA_CA_BUNDLE_INVALID')
    writeFileSync(caBundle, root)
    await obtain()
  })
})
