import { expect } from 'chai'
import { judgeEndpoint } from '../../../../src/doctor/judgements/endpoint-region.js'

const VPC = 'vpce-0a1b-2c3d.rolesanywhere.eu-central-1.vpce.amazonaws.com'

describe('judgeEndpoint', () => {
  for (const [hostname, status] of [
    ['rolesanywhere.eu-central-1.amazonaws.com', 'ok'],
    ['rolesanywhere-fips.eu-central-1.amazonaws.com', 'ok'],
    ['rolesanywhere.eu-central-1.api.aws', 'ok'],
    [VPC, 'ok'],
    ['rolesanywhere.us-east-1.amazonaws.com', 'failed'],
    [VPC.replace('eu-central-1', 'us-east-1'), 'failed'],
    ['gateway.example', 'warning'],
    ['rolesanywhere.eu-central-1.amazonaws.com.example', 'warning'],
  ] as const) {
    it(`calls ${hostname} ${status} for eu-central-1`, () => {
      const finding = judgeEndpoint({ protocol: 'https:', hostname }, 'eu-central-1')
      expect(finding.status).to.equal(status)
    })
  }

  it('takes plain http for a server of this machine, which is all that is let through', () => {
    const endpoint = { protocol: 'http:', hostname: '::1', port: 9443 } as const
    const finding = judgeEndpoint(endpoint, 'eu-central-1')
    expect(finding).to.include({ status: 'ok', message: 'http://[::1]:9443, on this machine' })
  })
})
