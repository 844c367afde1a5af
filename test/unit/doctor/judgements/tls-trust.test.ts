import { expect } from 'chai'
import { judgeTls } from '../../../../src/doctor/judgements/tls-trust.js'
import type { Handshake } from '../../../../src/doctor/probes/handshake.js'

const HOST = 'rolesanywhere.eu-central-1.amazonaws.com'
const AMAZON: Handshake = {
  protocol: 'TLSv1.3',
  problem: undefined,
  subject: `CN=${HOST}`,
  issuer: 'C=US, O=Amazon, CN=Amazon RSA 2048 M01',
  organizations: ['Amazon', 'Starfield Technologies, Inc.'],
  validTo: '2027-01-01T00:00:00.000Z',
}
const INSPECTED: Handshake = {
  ...AMAZON,
  issuer: 'O=Example Corp, CN=Inspection CA',
  organizations: ['Example Corp'],
}

const judge = (seen: Handshake, hostname = HOST, verify = true) =>
  judgeTls(seen, { hostname, port: 443, verify })

describe('judgeTls', () => {
  it('takes a certificate of AWS', () => {
    expect(judge(AMAZON).status).to.equal('ok')
  })

  it('says who opens TLS on the way, also when its root is trusted', () => {
    const finding = judge(INSPECTED)
    expect(finding.status).to.equal('warning')
    expect(finding.message).to.contain('Inspection CA').and.contain('opens TLS')
  })

  it('knows nothing of who should vouch for other hosts', () => {
    expect(judge(INSPECTED, 'gateway.example').status).to.equal('ok')
  })

  it('fails for a certificate that is not trusted, and says who issued it', () => {
    const finding = judge({ ...INSPECTED, problem: 'SELF_SIGNED_CERT_IN_CHAIN' })
    expect(finding).to.have.nested.property('error.code', 'ERR_RA_TLS_FAILED')
    expect(finding.message).to.contain('Inspection CA')
  })

  it('warns when nobody checks the certificate', () => {
    const seen = { ...INSPECTED, problem: 'SELF_SIGNED_CERT_IN_CHAIN' }
    expect(judge(seen, HOST, false).status).to.equal('warning')
  })
})
