import { Policy, User } from 'aws-cdk-lib/aws-iam'
import { Annotations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import { pullImages, registryToken } from './permissions.js'

/** What an {@link EcrUser} may pull. */
export interface EcrUserProps {
  readonly repositoryNames: readonly string[]
  /** Default `ecruser`. */
  readonly userName?: string
}

/**
 * An IAM user that may pull images, for the registry client that can do nothing but access keys.
 * Nothing of this package needs it. It gets neither password nor access key here: a template, and
 * the state of a stack, are no places for them.
 */
export class EcrUser extends Construct {
  readonly user: User

  constructor(scope: Construct, id: string, props: EcrUserProps) {
    super(scope, id)
    Annotations.of(this).addWarningV2(
      'rolesanywhere:ecr-user',
      'an IAM user has keys that never end by themselves: use a role with Roles Anywhere instead',
    )
    this.user = new User(this, 'User', { userName: props.userName ?? 'ecruser' })
    new Policy(this, 'Token', {
      policyName: 'ecr-auth-token-policy',
      statements: [registryToken()],
      users: [this.user],
    })
    new Policy(this, 'Pull', {
      policyName: 'ecr-pull-policy',
      statements: [pullImages(this, props.repositoryNames)],
      users: [this.user],
    })
  }
}
