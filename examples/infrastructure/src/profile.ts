import { CfnProfile } from 'aws-cdk-lib/aws-rolesanywhere'
import type { IRole } from 'aws-cdk-lib/aws-iam'
import { Stack, Token } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'

/** What a {@link Profile} is made of. */
export interface ProfileProps {
  readonly name: string
  /** Roles that its sessions may have, at most 250. */
  readonly roles: readonly IRole[]
  /** Length of a session in seconds, 900 to 43200; default 3600. */
  readonly durationSeconds?: number
  /**
   * Whether workloads choose the name that CloudTrail shows. Default `false`: the name is then the
   * serial number of the certificate, which nobody can forge.
   */
  readonly acceptRoleSessionName?: boolean
  /** Managed policies that narrow every session, at most 50. */
  readonly managedPolicyArns?: readonly string[]
  /** A policy document that narrows every session: what it does not allow, no role can do. */
  readonly sessionPolicy?: object
}

/** Which roles sessions may have, for how long, and what narrows them. */
export class Profile extends Construct {
  readonly arn: string

  constructor(scope: Construct, id: string, props: ProfileProps) {
    super(scope, id)
    const { durationSeconds = 3600, managedPolicyArns = [], sessionPolicy } = props
    const known = !Token.isUnresolved(durationSeconds)
    if (known && !(durationSeconds >= 900 && durationSeconds <= 43_200)) {
      throw new Error(`durationSeconds is ${durationSeconds}: a session lasts 900 to 43200 seconds`)
    }
    if (managedPolicyArns.length > 50) throw new Error('a profile has at most 50 managed policies')
    if (props.roles.length > 250) throw new Error('a profile has at most 250 roles')
    const profile = new CfnProfile(this, 'Resource', {
      name: props.name,
      enabled: true,
      roleArns: props.roles.map(({ roleArn }) => roleArn),
      durationSeconds,
      acceptRoleSessionName: props.acceptRoleSessionName ?? false,
      ...(managedPolicyArns.length > 0 && { managedPolicyArns: [...managedPolicyArns] }),
      ...(sessionPolicy && { sessionPolicy: Stack.of(this).toJsonString(sessionPolicy) }),
    })
    this.arn = profile.attrProfileArn
  }
}
