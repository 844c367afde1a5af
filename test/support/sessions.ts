import { Secret } from '../../src/secret.js'
import type { ObtainedSession } from '../../src/session/create-session.js'

/** A session that ends at an instant; its secrets are recognisable in anything that leaks them. */
export function sessionUntil(expiration: Date, accessKeyId = 'ASIAEXAMPLE'): ObtainedSession {
  return {
    credentials: {
      accessKeyId,
      secretAccessKey: new Secret('canary-secret-access-key'),
      sessionToken: new Secret('canary-session-token'),
      expiration,
    },
    assumedRoleArn: 'arn:aws:sts::123456789012:assumed-role/app/1000',
    subjectArn: undefined,
    clockOffsetMs: 0,
  }
}
