import type { SessionCredentials } from './session-credentials.js'

/** Document of `credential_process`. */
export interface ProcessDocument {
  readonly Version: 1
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
  readonly Expiration: string
}

/** Document of a container credential server. */
export interface ContainerDocument {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly Token: string
  readonly Expiration: string
}

/** Document of the EC2 instance metadata service. */
export interface ImdsDocument extends ContainerDocument {
  readonly Code: 'Success'
  readonly LastUpdated: string
  readonly Type: 'AWS-HMAC'
}

/**
 * Document that an external credential process prints.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export function processDocument(credentials: SessionCredentials): ProcessDocument {
  return {
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey.reveal(),
    SessionToken: credentials.sessionToken.reveal(),
    Expiration: timestamp(credentials.expiration),
  }
}

/**
 * Document that container credential clients read. The token's key is `Token` here, not `SessionToken`.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function containerDocument(credentials: SessionCredentials): ContainerDocument {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey.reveal(),
    Token: credentials.sessionToken.reveal(),
    Expiration: timestamp(credentials.expiration),
  }
}

/**
 * Document that clients of the instance metadata service read.
 *
 * @param lastUpdated When the credentials were fetched.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export function imdsDocument(credentials: SessionCredentials, lastUpdated: Date): ImdsDocument {
  return {
    Code: 'Success',
    LastUpdated: timestamp(lastUpdated),
    Type: 'AWS-HMAC',
    ...containerDocument(credentials),
  }
}

/**
 * Document that says for which instance profile the metadata service has credentials.
 *
 * @param lastUpdated When the profile was last looked at.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
 */
export function imdsInfoDocument(
  instanceProfileArn: string,
  lastUpdated: Date,
): { readonly [Key in 'Code' | 'LastUpdated' | 'InstanceProfileArn']: string } {
  return {
    Code: 'Success',
    LastUpdated: timestamp(lastUpdated),
    InstanceProfileArn: instanceProfileArn,
  }
}

/**
 * `YYYY-MM-DDTHH:MM:SSZ`, the one form that every SDK reads: some refuse an offset, some a fraction.
 * Rounded down, so that nobody holds credentials for longer than AWS accepts them.
 */
function timestamp(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, 'Z')
}
