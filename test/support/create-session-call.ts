import type { HttpResponse } from '../../src/protocol/http-message.js'
import type { Signer } from '../../src/protocol/signer.js'
import type { CreateSessionTarget } from '../../src/session/create-session.js'

/** Signs nothing: for tests in which nobody verifies. */
export const SIGNER: Signer = {
  algorithm: 'AWS4-X509-ECDSA-SHA256',
  certificate: Buffer.from('certificate'),
  chain: [],
  serialNumber: '4096',
  sign: async (text) => Buffer.from(text).subarray(0, 8),
}

/** A call of CreateSession with the default deadline. */
export const TARGET: CreateSessionTarget = {
  params: {
    trustAnchorArn: 'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/a',
    profileArn: 'arn:aws:rolesanywhere:eu-central-1:123456789012:profile/p',
    roleArn: 'arn:aws:iam::123456789012:role/app',
    durationSeconds: 3600,
  },
  endpoint: { protocol: 'https:', hostname: 'rolesanywhere.eu-central-1.amazonaws.com' },
  region: 'eu-central-1',
  timeoutMs: 10_000,
}

/** What the service answers when it grants a session. */
export function sessionAnswer(expiration: Date): HttpResponse {
  const credentials = {
    accessKeyId: 'ASIA1',
    secretAccessKey: 's',
    sessionToken: 't',
    expiration: expiration.toISOString(),
  }
  const assumedRoleUser = { arn: 'arn:aws:sts::123456789012:assumed-role/app/1000' }
  return {
    status: 201,
    headers: {},
    body: JSON.stringify({ credentialSet: [{ assumedRoleUser, credentials }] }),
  }
}
