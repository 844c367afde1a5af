import type { Clock } from '../../../../src/clock.js'
import { createRoot, issueCertificate } from '../../../../src/pki/certificate.js'
import { BACKDATE_MS, LIFE_MS, type ServingPair } from './rotation.js'

/**
 * Makes an authority and one server certificate below it. The authority's key is forgotten at once: it
 * can sign nothing else, for anybody.
 *
 * @param host DNS name at which API servers reach the webhook: `SERVICE.NAMESPACE.svc`.
 */
export async function makePair(host: string, clock: Clock): Promise<ServingPair> {
  const now = clock.now().getTime()
  const validity = { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + LIFE_MS) }
  const authority = await createRoot({ ...validity, commonName: `${host} CA`.slice(0, 64) })
  const { certificate, privateKey } = await issueCertificate({
    ...validity,
    issuer: authority,
    subject: [{ type: 'CN', value: host.slice(0, 64) }],
    altNames: [{ type: 'dns', value: host }],
    serverAuth: true,
  })
  return {
    certificate: certificate.toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    authority: authority.certificate.toString(),
  }
}
