import { RolesAnywhereError } from '../errors.js'
import type { SessionCredentials } from '../protocol/session-credentials.js'
import type { ProfileValues } from './edit-profile.js'

/**
 * Credentials as a profile of the shared credentials file holds them.
 *
 * @throws RolesAnywhereError `ERR_RA_RESPONSE_INVALID` for what no reader of such files would read
 *   back: nothing at all, blanks, line feeds, and what begins like a comment.
 */
export function profileValues(credentials: SessionCredentials): ProfileValues {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  return {
    aws_access_key_id: readable(accessKeyId),
    aws_secret_access_key: readable(secretAccessKey.reveal()),
    aws_session_token: readable(sessionToken.reveal()),
  }
}

function readable(value: string): string {
  if (/^[!-~]+$/.test(value) && !/^[#;]/.test(value)) return value
  throw new RolesAnywhereError(
    'ERR_RA_RESPONSE_INVALID',
    'the session holds a value that a credentials file cannot hold',
    { hint: 'check that the endpoint is that of IAM Roles Anywhere' },
  )
}
